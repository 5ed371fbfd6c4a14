//! Optimistic concurrency: `ETag` out, `If-Match` and `If-None-Match` in.
//!
//! A tag names a version, so that is what is compared; of what has none, such as a list, it is made of the answer itself, and
//! weak. A proxy that compresses makes a tag weak (`W/"v3"`) or marks it (`"v3-gzip"`); the version in it is the same.

use std::future::{Ready, ready};
use std::hash::{BuildHasher as _, Hasher as _};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use foldhash::quality::FixedState;
use utoipa::openapi::Required;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::base::{Error, Result};

/// The entity tag of a resource's version.
pub fn of_version(version: i32) -> String {
    format!("\"v{version}\"")
}

/// The entity tag of what has no version: of the answer itself, and weak.
pub fn of_answer(body: &[u8]) -> String {
    let mut sum = SUM.build_hasher();
    sum.write(body);
    format!("W/\"{:016x}\"", sum.finish())
}

/// The tags of a header; each is its text without quotes and what a proxy put around it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    Any,
    These(Vec<String>),
}

impl Tags {
    /// `None` for what is no list of entity tags.
    fn read(text: &str) -> Option<Self> {
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        text.split(',').map(|tag| opaque(tag.trim()).map(str::to_string)).collect::<Option<_>>().map(Self::These)
    }

    fn include(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => opaque(tag).is_some_and(|tag| tags.iter().any(|one| one == tag)),
        }
    }
}

fn opaque(tag: &str) -> Option<&str> {
    let quoted = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let marks = ["-gzip", "-br", "-zstd", "-deflate", ";gzip", ";br"];
    let bare = marks.iter().find_map(|mark| inner.strip_suffix(mark)).unwrap_or(inner);
    Some(bare.trim_end_matches('-'))
}

/// The `If-Match` header, when given.
#[derive(Debug, Clone, Default)]
pub struct IfMatch(Option<Tags>);

impl IfMatch {
    /// # Errors
    /// `request.precondition_failed` when the resource has moved on.
    pub fn check(&self, version: i32) -> Result<()> {
        let Some(wanted) = &self.0 else { return Ok(()) };
        if wanted.include(&of_version(version)) { Ok(()) } else { Err(Self::has_moved_on()) }
    }

    /// The same of what has no version: `read` is what would be answered now.
    ///
    /// # Errors
    /// `request.precondition_failed` when the answer is another one, and those of `read`.
    pub fn check_answer<T: serde::Serialize>(&self, read: impl FnOnce() -> Result<T>) -> Result<()> {
        let Some(wanted) = &self.0 else { return Ok(()) };
        let now = serde_json::to_vec(&read()?).map_err(Error::internal)?;
        if wanted.include(&of_answer(&now)) { Ok(()) } else { Err(Self::has_moved_on()) }
    }

    fn has_moved_on() -> Error {
        let message = "The resource has changed since you read it. Read it again, then repeat with its new ETag.";
        Error::precondition_failed("request.precondition_failed", message)
    }
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(value) = req.headers().get(header::IF_MATCH) else { return ready(Ok(Self(None))) };
        let tags = value.to_str().ok().and_then(Tags::read);
        ready(tags.map(|tags| Self(Some(tags))).ok_or_else(|| {
            let rule = "If-Match takes the ETag as it was answered, with its quotes, such as \"v3\".";
            Error::precondition_failed("request.if_match", rule)
        }))
    }
}

/// `params(IfMatch)` describes it, of each operation that takes it.
impl utoipa::IntoParams for IfMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tags = r#"^(\*|(W/)?"[!#-+\--~]*"(, (W/)?"[!#-+\--~]*")*)$"#;
        let schema = ObjectBuilder::new().schema_type(Type::String).pattern(Some(tags));
        let parameter = ParameterBuilder::new().name("If-Match").parameter_in(ParameterIn::Header);
        let description = "Apply only to this version, an ETag read before, with its quotes.";
        vec![parameter.required(Required::False).description(Some(description)).schema(Some(schema)).build()]
    }
}

/// The header by which what was read before is not read again.
pub(super) const IF_NONE_MATCH: &str = "If-None-Match";

/// The parameter of every operation that [`has_tag`]s. Any text is taken: what is no tag is none that is known, and the answer is whole.
pub(super) fn if_none_match() -> Parameter {
    let description = "An ETag read before, with its quotes: what is still the same is answered 304, without a body.";
    ParameterBuilder::new()
        .name(IF_NONE_MATCH)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .build()
}

/// Whether what is read under this path has a tag, where it is JSON: the middleware gives it one, and the document says so.
pub(super) fn has_tag(path: &str) -> bool {
    path.starts_with("/v1/") || path == "/problems" || path.starts_with("/problems/")
}

/// The same in every process of a version. Whoever meets another version reads once more.
const SUM: FixedState = FixedState::with_seed(0);

/// What is read of ours has a tag, if only one of its bytes.
fn tagged(response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
    let response = response.map_into_boxed_body();
    let is_json = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let is_tagged = response.headers().contains_key(header::ETAG);
    if is_tagged || !is_json || response.status() != StatusCode::OK || !has_tag(response.request().path()) {
        return response;
    }
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(bytes) => {
            if let Ok(tag) = header::HeaderValue::from_str(&of_answer(&bytes)) {
                response.headers_mut().insert(header::ETAG, tag);
            }
            BoxBody::new(bytes)
        }
        Err(body) => body,
    };
    ServiceResponse::new(request, response.set_body(body))
}

/// Answers 304 to whoever has the version that it would be told.
pub async fn unchanged(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_reading = matches!(*req.method(), Method::GET | Method::HEAD);
    let known = req.headers().get(header::IF_NONE_MATCH).filter(|_| is_reading);
    let known = known.and_then(|value| value.to_str().ok()).and_then(Tags::read);
    let response = next.call(req).await?;
    let response = if is_reading { tagged(response) } else { response.map_into_boxed_body() };
    let tag = response.headers().get(header::ETAG).cloned();
    let is_known = match (&known, &tag) {
        (Some(known), Some(tag)) => tag.to_str().is_ok_and(|tag| known.include(tag)),
        _ => false,
    };
    if !is_known || response.status() != StatusCode::OK {
        return Ok(response);
    }
    let mut answer = HttpResponse::NotModified();
    // What is said of keeping the answer is said of the kept one as well (RFC 9110, 15.4.5).
    for name in [header::ETAG, header::CACHE_CONTROL, header::VARY] {
        if let Some(value) = response.headers().get(&name) {
            answer.insert_header((name, value.clone()));
        }
    }
    Ok(response.into_response(answer.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, version: i32) -> bool {
        IfMatch(Some(Tags::read(header).unwrap_or_else(|| panic!("{header} is no list of tags"))))
            .check(version)
            .is_ok()
    }

    #[test]
    fn holds_only_for_the_current_version() {
        assert!(IfMatch(None).check(3).is_ok());
        assert!(check("\"v2\", \"v3\"", 3) && check("*", 3));
        assert!(!check("\"v2\"", 3) && !check("\"v33\"", 3));
    }

    #[test]
    fn what_has_no_version_is_compared_as_it_would_be_answered() {
        let tag = of_answer(b"{\"name\":\"Asha\"}");
        let holds = |name: &str| {
            let wanted = IfMatch(Tags::read(&tag));
            wanted.check_answer(|| Ok(serde_json::json!({ "name": name }))).is_ok()
        };
        assert!(holds("Asha") && !holds("Priya"));
        let nobody = || Err::<(), _>(Error::internal("not read"));
        assert!(IfMatch(None).check_answer(nobody).is_ok(), "only where it is asked for");
    }

    #[test]
    fn a_proxy_that_compresses_does_not_make_another_version_of_it() {
        for tag in ["W/\"v3\"", "\"v3-gzip\"", "W/\"v3-gzip\"", "\"v3--gzip\"", "\"v3-br\"", "\"v3;gzip\""] {
            assert!(check(tag, 3), "{tag}");
            assert!(!check(tag, 4), "{tag}");
        }
    }

    #[test]
    fn what_is_no_tag_is_said_to_be_none() {
        for text in ["v3", "3", "\"v3", "\"v3\", v4", ""] {
            assert_eq!(Tags::read(text), None, "{text}");
        }
    }
}
