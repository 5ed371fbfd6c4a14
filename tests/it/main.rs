//! The integration suite: HTTP through the real app, on a private database, with the provider twins and a clock the
//! tests move. Every test runs on SQLite and on PostgreSQL (`TEST_DATABASE_URL`; `scripts/test` provides it).

#![recursion_limit = "256"]

mod support;

mod access;
mod accounts;
mod ads;
mod ads_limits;
mod ads_review;
mod api_keys;
mod architecture;
mod auth;
mod backup;
mod beyond;
mod billing;
mod bounds;
mod catch_up;
mod claims;
mod contacts;
mod contract;
mod copying;
mod counting;
mod dashboard;
mod described;
mod doctor;
mod doors;
mod engine;
mod floods;
mod forms;
mod inbox;
mod input;
mod intake;
mod introduction;
mod invitations;
mod jobs;
mod keys;
mod leads;
mod locked;
mod logs;
mod migrations;
mod operations;
mod orders;
mod outbound;
mod outbound_repeat;
mod paying;
mod permissions;
mod problems;
mod readable;
mod reading;
mod release;
mod roles;
mod running;
mod shapes;
mod statements;
mod story;
mod surroundings;
mod tenant_settings;
mod throttling;
mod traces;
mod trials;
mod twins;
mod verification;
mod webhook_bodies;
mod webhooks;
mod words;
