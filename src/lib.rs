pub mod base;
pub mod providers;
pub mod sandbox;
