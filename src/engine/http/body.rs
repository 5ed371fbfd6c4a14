//! JSON bodies: read whole within a limit, checked, then typed, with errors that point at the value.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::BytesMut;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use utoipa::PartialSchema;

use super::once::BodyHash;
use super::reading;
use crate::base::{Error, ErrorKind, Result};

/// The largest JSON body an operation takes.
pub const MAX_BODY: usize = 1024 * 1024;
/// A typed JSON body. Refuses what is too large, too deep, not UTF-8, holds NUL, or has unknown fields
/// (the type says `deny_unknown_fields`).
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + validator::Validate + PartialSchema + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = receive(req, payload);
        Box::pin(async move { reading::read(&bytes.await?).map(Self) })
    }
}

/// [`Json`] whose entries are documents of their own, each read by [`read_document`](super::read_document): a NUL in one is that one's
/// error.
#[derive(Debug)]
pub struct JsonOfMany<T>(pub T);

impl<T: DeserializeOwned + validator::Validate + PartialSchema + 'static> FromRequest for JsonOfMany<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = receive(req, payload);
        Box::pin(async move { reading::read_many(&bytes.await?).map(Self) })
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

impl<T: DeserializeOwned + validator::Validate + PartialSchema + Default + 'static> FromRequest for JsonOrNothing<T> {
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
