//! The integration suite: HTTP through the real app, on a private database, with the provider twins and a clock the
//! tests move. Every test runs on SQLite and on PostgreSQL (`TEST_DATABASE_URL`; `scripts/test` provides it).

#![recursion_limit = "256"]

mod support;

mod access;
mod ads;
mod architecture;
mod auth;
mod billing;
mod contract;
mod engine;
mod inbox;
mod input;
mod intake;
mod jobs;
mod leads;
mod migrations;
mod permissions;
mod statements;
mod story;
mod webhooks;
