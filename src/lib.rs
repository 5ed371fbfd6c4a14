pub mod base;
pub mod providers;
