//! HTTP: extractors, problems, paging, idempotency, limits and the contract's finishing.
//!
//! The only place, with the `api` files, that knows actix. A handler extracts, delegates and wraps; everything that
//! is the same for all operations happens here once: [`pipeline`] around every request, [`Error`](crate::base::Error)
//! to RFC 9457 in [`problem`], replays in [`once`], responses and headers of the document in [`openapi`], where an
//! answer goes on in [`links`].

mod areas;
mod body;
mod composed;
mod conditions;
mod document;
pub mod etag;
mod fields;
mod guesses;
mod handle;
mod inlined;
pub mod kept_answers;
pub mod limits;
mod links;
pub mod once;
pub mod openapi;
mod operations;
pub mod paging;
mod params;
mod part;
pub mod pipeline;
pub mod problem;
mod reading;
pub mod refused;
mod samples;
mod shown;
mod source;
mod strict;
mod view;
pub mod volume;
mod written;

pub use body::{Json, JsonOfMany, JsonOrNothing, MAX_BODY, read as read_body};
pub use document::{MAX_DEPTH, NUL_RULE, parse_json};
pub use etag::IfMatch;
pub use fields::Fields;
pub use guesses::Attempt;
pub use handle::Answer;
pub use once::{Once, Reply, Versioned};
pub use paging::{Page, Paging};
pub use params::{CommaList, Path, Query};
pub use part::PatchOf;
pub use pipeline::{CalledAs, Logged, RequestId};
pub use reading::whole as read_document;
pub use shown::{Shown, listed, made, reply};
pub use source::{Proxies, Source};
pub use written::Written;
