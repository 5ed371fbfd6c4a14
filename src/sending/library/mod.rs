//! The templates that a tenant writes itself, for e-mail and SMS. Those of the platform, which it may send outside a conversation, are
//! [`super::templates`].
//!
//! [`mod@write`] keeps them, and refuses what could not be sent: a name that is no variable ([`vocabulary`]), what cannot be read ([`syntax`]),
//! what has no place in an e-mail ([`markup`]). Whoever sends keeps the [`Content`], reads it once ([`Compiled`]) and fills it for each person
//! with their [`Words`]; one that cannot be filled says why ([`Unrendered`]) and fails alone.
//!
//! ```ignore
//! let compiled = Compiled::of(&content)?;                       // once
//! let people = Words::of_people(tx, &ids)?;                     // a thousand at a time
//! for (id, mut words) in people {
//!     words.say("unsubscribe_url", link(id));
//!     match compiled.render(&words) { Ok(message) => send(message), Err(why) => note(why) }
//! }
//! ```

mod api;
mod compiled;
pub mod facts;
mod markup;
mod model;
mod preview;
mod scope;
mod segments;
mod store;
mod syntax;
#[cfg(test)]
mod tests;
mod vocabulary;
mod words;
mod write;

pub use compiled::{Compiled, MOST_BYTES, MOST_SEGMENTS, Rendered, Unrendered};
pub use model::{Content, MessageClass, TemplateStatus};
pub use segments::{Segments, SmsEncoding};
pub use store::{Template, find, get};
pub use words::Words;

use utoipa_actix_web::service_config::ServiceConfig;

use crate::tenants::access::{Areas, Permission as P};

pub(super) fn areas(areas: &mut Areas) {
    areas.tag("Templates", "Messages with places for what is known of a person.");
    areas.of_tenants("/v1/templates", P::ConversationsRead, P::ConversationsWrite).events(&["template"]);
}

pub(super) fn routes(cfg: &mut ServiceConfig<'_>) {
    api::routes(cfg);
}
