//! What leaves the process for a person: whether it may and why, from whom, in which words, and the way to the provider.
//!
//! [`gate`] decides from stored facts and answers every reason against it at once; [`reason`] says why a person may be
//! written to at all; [`caps`] bounds how much, to whom and how often; [`countries`] bounds where SMS goes; [`templates`] are the texts
//! that may be sent outside a conversation, and [`words`] says what their variables may carry; [`senders`] are the numbers and
//! addresses it leaves from. What has passed holds a [`Pass`], which nobody else can make and without which no provider is asked:
//! [`dispatch`] asks, for whatever is [`dispatch::Outgoing`], and [`status`] is where that is then.
//!
//! It knows no lead, no conversation and no plan: whoever asks brings the facts ([`gate::PersonFacts`], [`gate::NoticeFacts`]).

// The folder is a crate, and a path that begins with `crate` means here what it means in the others.
extern crate self as sending;
use ::contacts;
use ::language;
use ::providers;
use ::tenants;
use engine::{self, base, text_enum};

pub mod caps;
pub mod countries;
pub mod dispatch;
pub mod gate;
pub mod id;
pub mod reason;
pub mod refusals;
pub mod schema;
pub mod senders;
pub mod status;
mod store;
pub mod templates;
pub mod words;

pub use gate::{Code, Obstacle, Pass, Verdict};
pub use reason::WriteReason;
pub use status::{MessageStatus, longest_content};
pub use store::catch_ups;
