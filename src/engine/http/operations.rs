//! The operations of a path, as the document describes them.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Ref, RefOr, Response};

pub(super) const IF_MATCH: &str = "If-Match";

/// Each with its method.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    [
        ("get", item.get.as_mut()),
        ("post", item.post.as_mut()),
        ("put", item.put.as_mut()),
        ("patch", item.patch.as_mut()),
        ("delete", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| operation.map(|operation| (method, operation)))
}

/// Whether the handler says that it takes `If-Match`, by `params(IfMatch)`.
pub(super) fn takes_if_match(operation: &Operation) -> bool {
    operation.parameters.iter().flatten().any(|one| match one {
        RefOr::T(parameter) => parameter.name == IF_MATCH,
        RefOr::Ref(shared) => shared.ref_location.ends_with(IF_MATCH),
    })
}

/// Scheme to permissions; empty when nobody needs a credential, which is written as one empty requirement.
pub(super) fn requirements(list: &[SecurityRequirement]) -> BTreeMap<String, Vec<String>> {
    let read = |one: &SecurityRequirement| serde_json::from_value::<BTreeMap<_, _>>(serde_json::to_value(one)?);
    list.iter().filter_map(|one| read(one).ok()).flatten().collect()
}

pub(super) fn add_header(response: &mut Response, name: &str) {
    response.headers.insert(name.into(), RefOr::Ref(Ref::new(format!("#/components/headers/{name}"))));
}

/// Adds an extension. They keep no order, and the document must come out the same each time: they are made anew until they
/// happen to be sorted.
pub(super) fn extend(operation: &mut Operation, name: &str, value: Value) {
    let known = operation.extensions.take().unwrap_or_default();
    let mut all: Vec<(String, Value)> = known.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    all.push((name.into(), value));
    let sorted = loop {
        let made: Extensions = all.clone().into_iter().collect();
        if made.keys().is_sorted() {
            break made;
        }
    };
    operation.extensions = Some(sorted);
}
