#![recursion_limit = "256"]
//! Leadwright: a headless, multi-tenant lead-generation and sales-automation engine.
//!
//! # One lead, from webhook to notification
//!
//! 1. A person fills a form on Meta. Meta calls `POST /v1/webhooks/meta`. [`integrations::api`] verifies the signature over
//!    the raw bytes ([`providers::meta`]), stores the event under Meta's own id with a `webhook.process` job in one
//!    transaction, and answers.
//! 2. A worker ([`engine::jobs`]) claims the job. [`integrations::process`] finds the tenant by the form
//!    ([`ads::route`]), fetches the answers from the Graph API outside any transaction, and opens one:
//! 3. [`intake::receive`] recognises the person, scores ([`leads::score`]), meters against the plan ([`billing::meter`]),
//!    writes the lead, opens its conversation pre-filled with the answers ([`inbox::open`]) and records `lead.created`
//!    ([`engine::events`]). The same commit completes the job, so a crash leaves both or neither.
//! 4. Recording the event enqueued its reactions: [`notify::announce`] writes one notification per person and one delivery
//!    per address; [`notify::deliver`] hands each to its provider by [`sending::dispatch`], which never sends twice.
//! 5. The agent reads the lead in `GET /v1/leads`, sends the suggested first message ([`inbox::draft`], [`inbox::send`]),
//!    and the person's answer finds its way back from the shared number ([`inbox::receive`]).
//! 6. When the quota is used up, `quota.reached` pauses the tenant's ad campaigns through the Marketing API
//!    ([`ads::quota`], [`ads::delivery`]).
//!
//! # The house
//!
//! One folder, one crate: each folder under `src` but `app`, `config` and `cli` is a library of its own, whose `mod.rs` is its
//! root and whose `Cargo.toml` lists what it may use. Imports run downwards only: [`base`] < [`engine`] < [`language`] < [`providers`] < [`tenants`] < [`contacts`] <
//! [`sending`] < [`billing`] < [`leads`] < [`inbox`] < [`intake`] < [`outreach`] < [`ads`] < [`notify`] < [`integrations`] < [`ops`] < [`app`].
//! [`sandbox`] holds the twins: built-in imitations of the providers' HTTP APIs, so that demo and tests run the real
//! adapters. In a business folder `model` has the types, `store` the SQL, `api` what goes over the wire, and every other
//! file is named after what the business does. For any operation of the OpenAPI document, its `operationId` is the
//! handler's name in that folder's `api`.

pub mod app;
pub mod cli;
pub mod config;

pub use engine::{base, each_engine};
pub use {
    ads, billing, contacts, engine, inbox, intake, integrations, language, leads, notify, ops, outreach, providers,
    sandbox, sending, tenants,
};
