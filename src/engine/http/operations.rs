//! The operations of a path, as the document describes them.

use utoipa::openapi::RefOr;
use utoipa::openapi::path::{Operation, PathItem};

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
