//! The outside world: one folder per vendor, each behind a small capability ([`TextSender`], [`EmailSender`], [`LeadFetcher`],
//! [`CampaignControl`]).
//!
//! A vendor's folder holds its wire types, its webhook signature, its adapter and the table that sorts its error codes into
//! [`ErrorClass`], which is all the rest of the product ever looks at. Nothing here touches the database, decides on a retry or
//! knows a tenant: adapters translate, callers decide. Every base URL is configuration, so the twins in `sandbox` are
//! reached by the very same code. What tenants want us to call is no vendor: [`outside`] guards it. Next: [`Providers`] for what is connected, then any vendor's `mod.rs`.

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as providers;
use engine::{self, base, text_enum};

mod capability;
mod check;
mod digits;
mod error;
mod finding;
mod http;
mod overheard;
mod registry;
mod settings;

pub mod google_ads;
pub mod lenient;
pub mod meta;
pub mod outside;
pub mod refusals;
pub mod resend;
pub mod smtp;
pub mod standard_webhooks;
pub mod twilio;

#[cfg(test)]
mod fixtures;

pub use capability::{
    Accepted, AdPlatform, BudgetControl, CampaignControl, DeliveryStatus, EmailSender, Mailbox, MediaBody,
    MediaFetcher, OutgoingEmail, OutgoingText, Running, SentQuery, TextChannel, TextContent, TextSender,
};
pub use digits::Digits;
pub use error::{ErrorClass, ProviderError};
pub use finding::{Finding, Standing};
pub use meta::LeadFetcher;
pub use registry::{Connection, ConnectionState, Providers};
pub use settings::{
    Ear, GoogleAdsSettings, MetaSettings, ProviderSettings, ResendSettings, SmtpSettings, TwilioSettings,
};
