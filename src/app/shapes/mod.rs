//! The document in the shapes that generators of clients keep.
//!
//! What the types say is true and not always told in a form that survives: openapi-typescript and openapi-python-client are
//! the two that are looked at (`examples/`). So what is collected goes through these steps, none of which changes what goes
//! over the wire: free-form objects say that they are ([`free`]), lists in a query say how they are written ([`lists`]), what
//! has a name is referred to ([`shared`]), requests and answers part where they differ ([`directions`]) and are shown whole ([`examples`]), what is said of a
//! property stands at the property ([`said`]), enumerations say whether they grow ([`words`]), and every schema gets the name
//! that clients know it by ([`names`]).

mod directions;
mod examples;
mod free;
mod lists;
mod names;
mod said;
mod shared;
mod walk;
mod words;

use serde_json::Value;

pub use names::schemas_of;

pub(super) fn settle(document: &mut Value) {
    free::open(document);
    lists::spell(document);
    shared::refer(document);
    directions::part(document);
    examples::complete(document);
    said::lift(document);
    words::mark(document);
    names::give(document);
}
