//! Links of the contract: an answer that names a resource says which operations take its id.
//!
//! They follow from the paths. `POST /v1/leads` answers a lead, `GET /v1/leads` a page of them, so both lead to everything
//! below `/v1/leads/{id}`. An operation whose path takes more than that one parameter is not linked to. A program can
//! follow them without knowing the product, as the contract tester does.

use utoipa::openapi::link::{Link, LinkBuilder};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Components, OpenApi, Ref, RefOr, Response};

use super::operations::{operations, takes_if_match};
use super::refused::is_marked;

/// An operation says so that what it answers comes to be some time after the resource.
const LATER: &str = "x-comes-later";

/// An operation that takes a resource's id further.
struct Target {
    collection: String,
    parameter: String,
    operation_id: String,
    takes_version: bool,
}

/// Adds the links of every operation that answers a resource, or a page of them.
pub(super) fn add(doc: &mut OpenApi) {
    let Some(components) = &doc.components else { return };
    let targets: Vec<Target> =
        doc.paths.paths.iter_mut().flat_map(|(path, item)| targets_of(path, item).collect::<Vec<_>>()).collect();
    for (path, item) in &mut doc.paths.paths {
        for (method, operation) in operations(item) {
            if method != "get" && method != "post" {
                continue;
            }
            let below = targets.iter().filter(|target| &target.collection == path);
            let below: Vec<&Target> = below.collect();
            for (status, response) in &mut operation.responses.responses {
                if let RefOr::T(response) = response
                    && status.starts_with('2')
                {
                    link(components, response, &below);
                }
            }
        }
    }
}

fn targets_of<'a>(path: &'a str, item: &'a mut PathItem) -> impl Iterator<Item = Target> + 'a {
    let one = path.split_once("/{").filter(|(_, rest)| !rest.contains('{'));
    let named = one.and_then(|(collection, rest)| Some((collection, rest.split_once('}')?.0)));
    operations(item).filter_map(move |(_, operation): (_, &mut Operation)| {
        let (collection, parameter) = named.filter(|_| !is_marked(operation, LATER))?;
        Some(Target {
            collection: collection.into(),
            parameter: parameter.into(),
            operation_id: operation.operation_id.clone()?,
            takes_version: takes_if_match(operation),
        })
    })
}

fn link(components: &Components, response: &mut Response, targets: &[&Target]) {
    let Some(RefOr::T(content)) = response.content.get("application/json") else { return };
    let Some(schema) = content.schema.clone() else { return };
    for target in targets {
        let (at, has_etag) = if property(components, &schema, &target.parameter).is_some() {
            (format!("$response.body#/{}", target.parameter), response.headers.contains_key("ETag"))
        } else if entry(components, &schema).is_some_and(|of| property(components, &of, &target.parameter).is_some()) {
            (format!("$response.body#/data/0/{}", target.parameter), false)
        } else {
            continue;
        };
        let mut link = LinkBuilder::new().operation_id(&target.operation_id).parameter(&target.parameter, at);
        if target.takes_version && has_etag {
            link = link.parameter("If-Match", "$response.header.ETag");
        }
        response.links.insert(target.operation_id.clone(), RefOr::<Link>::T(link.build()));
    }
}

fn resolve<'a>(components: &'a Components, schema: &'a RefOr<Schema>) -> Option<&'a Schema> {
    match schema {
        RefOr::T(schema) => Some(schema),
        RefOr::Ref(Ref { ref_location, .. }) => {
            resolve(components, components.schemas.get(ref_location.rsplit('/').next()?)?)
        }
    }
}

fn property(components: &Components, schema: &RefOr<Schema>, name: &str) -> Option<RefOr<Schema>> {
    match resolve(components, schema)? {
        Schema::Object(object) => object.properties.get(name).cloned(),
        Schema::AllOf(all) => all.items.iter().find_map(|part| property(components, part, name)),
        _ => None,
    }
}

/// What a page is a page of.
fn entry(components: &Components, schema: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    property(components, schema, "next_cursor")?;
    match property(components, schema, "data")? {
        RefOr::T(Schema::Array(array)) => match array.items {
            utoipa::openapi::schema::ArrayItems::RefOrSchema(entry) => Some(*entry),
            _ => None,
        },
        _ => None,
    }
}
