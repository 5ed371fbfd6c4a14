#![recursion_limit = "256"]

pub mod ads;
pub mod base;
pub mod billing;
pub mod contacts;
pub mod engine;
pub mod inbox;
pub mod intake;
pub mod leads;
pub mod notify;
pub mod providers;
pub mod sandbox;
pub mod tenants;
