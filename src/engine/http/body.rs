//! JSON bodies: read whole within a limit, checked, then typed, with errors that point at the value.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;

use super::document::{document, typed};
use super::once::BodyHash;
use super::reading;
use crate::base::{Error, ErrorKind, Result};

/// The largest JSON body an operation takes.
pub const MAX_BODY: usize = 1024 * 1024;
/// A typed JSON body. Refuses what is too large, too deep, not UTF-8, holds NUL, or has unknown fields
/// (the type says `deny_unknown_fields`).
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + validator::Validate + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = receive(req, payload);
        Box::pin(async move { reading::read(&bytes.await?).map(Self) })
    }
}

/// The bytes of a JSON body, which the idempotency key then covers.
pub(super) fn receive(
    req: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<actix_web::web::Bytes>> + use<> {
    let req = req.clone();
    let mut payload = payload.take();
    async move {
        check_content_type(&req)?;
        let bytes = read(&req, &mut payload, MAX_BODY).await?;
        req.extensions_mut().insert(BodyHash::of(&bytes));
        Ok(bytes)
    }
}

/// [`Json`] whose body may be left out, which is then `{}`.
#[derive(Debug)]
pub struct JsonOrNothing<T>(pub T);

impl<T: DeserializeOwned + validator::Validate + Default + 'static> FromRequest for JsonOrNothing<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let length = req.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let is_streamed = req.headers().contains_key(header::TRANSFER_ENCODING);
        if length.is_none_or(|length| length == "0") && !is_streamed {
            return Box::pin(std::future::ready(Ok(Self(T::default()))));
        }
        let body = Json::<T>::from_request(req, payload);
        Box::pin(async move { Ok(Self(body.await?.0)) })
    }
}

fn check_content_type(req: &HttpRequest) -> Result<()> {
    let kind = req.content_type().trim().to_ascii_lowercase();
    if kind == "application/json" || kind == "application/merge-patch+json" {
        return Ok(());
    }
    let message = "Send the body as Content-Type: application/json.";
    Err(Error::new(ErrorKind::UnsupportedMedia, "request.unsupported_media_type", message))
}

/// Reads a body of at most `limit` bytes.
pub async fn read(req: &HttpRequest, payload: &mut Payload, limit: usize) -> Result<actix_web::web::Bytes> {
    let too_large = || {
        let message = format!("The body may have at most {limit} bytes.");
        Error::new(ErrorKind::TooLarge, "request.too_large", message)
    };
    let declared = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            Error::malformed("request.unreadable", "The body could not be read.").with_source(error.to_string())
        })?;
        if bytes.len() + chunk.len() > limit {
            return Err(too_large());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Parses JSON text into a type; see [`Json`] for what is refused. A byte order mark, which some clients write, is passed over.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    typed(document(bytes)?, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[allow(dead_code)]
        name: String,
        #[serde(default)]
        #[allow(dead_code)]
        inner: Vec<Inner>,
    }
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[allow(dead_code)]
        size: i32,
    }

    fn pointer(body: &str) -> (String, String) {
        let error = parse_json::<Outer>(body.as_bytes()).unwrap_err();
        let field = error.field_errors().first().unwrap_or_else(|| panic!("no field in {error:?}"));
        (field.pointer.clone(), field.code.to_string())
    }

    #[test]
    fn errors_point_at_the_value() {
        let cases = [
            (r#"{}"#, "/name", "required"),
            (r#"{"name":1}"#, "/name", "invalid_type"),
            (r#"{"name":"x","size":1}"#, "/size", "unknown_field"),
            (r#"{"name":"x","inner":[{"size":1},{}]}"#, "/inner/1/size", "required"),
            (r#"{"name":"x","inner":[{"size":1,"bulk":2}]}"#, "/inner/0/bulk", "unknown_field"),
            (r#"{"name":"x","inner":[{"size":"1"}]}"#, "/inner/0/size", "invalid_type"),
            (r#"{"name":"a\u0000b"}"#, "/name", "invalid_value"),
            (r#"["x",[]]"#, "", "invalid_type"),
            (r#"{"name":"x","inner":[[1]]}"#, "/inner/0", "invalid_type"),
        ];
        for (body, at, code) in cases {
            assert_eq!(pointer(body), (at.to_string(), code.to_string()), "{body}");
        }
    }

    #[test]
    fn messages_speak_of_the_contract_and_not_of_the_machine() {
        let said = |body: &str| {
            let error = parse_json::<Outer>(body.as_bytes()).unwrap_err();
            (error.field_errors()[0].clone(), error.message().to_string())
        };
        let (field, _) = said(r#"{"name":"x","a/b~c":1}"#);
        assert_eq!((field.pointer.as_str(), field.code.as_ref()), ("/a~1b~0c", "unknown_field"));
        let (field, message) = said("[]");
        assert_eq!((field.detail.as_str(), message.as_str()), ("expected an object", "The body: expected an object"));
        for (body, detail) in [
            (r#"{"name":"x","inner":7}"#, "expected a list"),
            (r#"{"name":"x","inner":[7]}"#, "expected an object"),
            (r#"{"name":"x","inner":[{"size":"1"}]}"#, "expected a whole number"),
            (r#"{"name":7}"#, "expected a string"),
        ] {
            assert_eq!(said(body).0.detail, detail, "{body}");
        }
        for (machine, human) in [
            ("invalid digit found in string", "expected a whole number"),
            ("provided string was not `true` or `false`", "expected true or false"),
            ("input is out of range", "expected a date such as 2026-11-20"),
            ("expected a name of 1 to 120 characters", "expected a name of 1 to 120 characters"),
        ] {
            assert_eq!(plain(machine), human);
        }
    }

    #[test]
    fn text_that_is_no_json_is_malformed() {
        for body in [&b"{"[..], b"", b"\xff\xfe", b"{\"name\":\"\xc3\x28\"}"] {
            assert_eq!(parse_json::<Outer>(body).unwrap_err().code(), "request.malformed_json");
        }
        let deep = format!("{}1{}", "[".repeat(60), "]".repeat(60));
        assert_eq!(parse_json::<serde_json::Value>(deep.as_bytes()).unwrap_err().code(), "request.too_deep");
    }
}
