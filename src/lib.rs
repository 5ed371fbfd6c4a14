pub mod base;
pub mod billing;
pub mod engine;
pub mod inbox;
pub mod intake;
pub mod leads;
pub mod ops;
pub mod tenants;
