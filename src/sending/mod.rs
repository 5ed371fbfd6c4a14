//! What leaves the process for a person: whether it may and why, from whom, in which words, and the way to the provider.
//!
//! [`gate`] decides from stored facts and answers every reason against it at once; [`reason`] says why a person may be
//! written to at all; [`caps`] bounds how much, to whom and how often, [`rates`] how fast messages to many; [`countries`] bounds where SMS goes; [`templates`] are the texts
//! that may be sent outside a conversation, and [`words`] says what their variables may carry; [`library`] has the templates that tenants write themselves; [`senders`] are the numbers and
//! addresses it leaves from. What has passed holds a [`Pass`], which nobody else can make and without which no provider is asked:
//! [`dispatch`] asks, for whatever is [`dispatch::Outgoing`], and [`status`] is where that is then.
//!
//! What nobody answers to passes other gates, of which each answers: [`outreach`] asks them, and [`eligibility`] loads what they ask
//! for. A person's clocks ([`zones`]), hours of rest ([`quiet`]) and what they agreed to stand there. What a person says themselves by the link of a marketing e-mail comes in by
//! [`preferences`].
//!
//! It knows no lead, no conversation and no plan: whoever asks brings the facts ([`gate::PersonFacts`], [`gate::NoticeFacts`]).

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as sending;
use ::contacts;
use ::language;
use ::providers;
use ::tenants;
use engine::{self, base, fact, filter, held, inputs, record, rows, text_enum};

pub mod caps;
pub mod countries;
pub mod dispatch;
pub mod eligibility;
pub mod gate;
pub mod id;
pub mod library;
pub mod outreach;
pub mod preferences;
mod prune;
mod quiet;
pub mod reason;
pub mod refusals;
pub mod schema;
pub mod senders;
pub mod status;
mod store;
pub mod templates;
pub mod words;
mod zones;

pub use gate::{Code, Obstacle, Pass, Verdict};
pub use reason::WriteReason;
pub use status::{MessageStatus, longest_content};
pub use store::{catch_ups, rates};

/// The handlers of this folder's jobs.
pub fn jobs(registry: &mut engine::jobs::Registry) {
    prune::register(registry);
}

/// What happens here.
pub fn facts(facts: &mut engine::events::Facts) {
    library::facts::facts(facts);
}

/// What stands here, and who reads it.
pub fn areas(areas: &mut tenants::access::Areas) {
    library::areas(areas);
}

pub fn routes(cfg: &mut utoipa_actix_web::service_config::ServiceConfig<'_>) {
    library::routes(cfg);
}
