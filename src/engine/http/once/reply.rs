//! What a handler answers, and how it is kept.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder};

use crate::base::{Error, Result};
use crate::engine::http::etag;

/// What a handler answers: a view and its headers.
pub struct Reply<V> {
    status: StatusCode,
    view: V,
    etag: Option<String>,
    location: Option<String>,
    is_made_here: bool,
}

/// What carries its version: an answer says it as `ETag`, for `If-Match`.
pub trait Versioned {
    fn version(&self) -> i32;
}

/// For types whose field `version` says it, or a field that is versioned itself (`MintedView: shown`).
#[macro_export]
macro_rules! versioned {
    ($view:ty: $of:ident) => {
        impl $crate::engine::http::Versioned for $view {
            fn version(&self) -> i32 {
                $crate::engine::http::Versioned::version(&self.$of)
            }
        }
    };
    ($($view:ty),+ $(,)?) => {
        $(impl $crate::engine::http::Versioned for $view {
            fn version(&self) -> i32 {
                self.version
            }
        })+
    };
}

impl Reply<()> {
    pub fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, ..Self::ok(()) }
    }
}

impl<V: serde::Serialize> Reply<V> {
    pub fn ok(view: V) -> Self {
        Self { status: StatusCode::OK, view, etag: None, location: None, is_made_here: false }
    }
    pub fn created(view: V) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(view) }
    }
    pub fn accepted(view: V) -> Self {
        Self { status: StatusCode::ACCEPTED, ..Self::ok(view) }
    }
    /// The resource as it is, with its version.
    pub fn of(view: V) -> Self
    where
        V: Versioned,
    {
        let version = view.version();
        Self::ok(view).version(version)
    }
    /// A resource that was made and is found at `path`.
    pub fn made(view: V, path: String) -> Self
    where
        V: Versioned,
    {
        Self { status: StatusCode::CREATED, ..Self::of(view) }.location(path)
    }
    /// A resource that was made and is found by its id under the path that was posted to.
    pub fn made_here(view: V) -> Self
    where
        V: Versioned,
    {
        Self { status: StatusCode::CREATED, is_made_here: true, ..Self::of(view) }
    }
    /// The version of the resource, for `If-Match`.
    pub fn version(mut self, version: i32) -> Self {
        self.etag = Some(etag::of_version(version));
        self
    }
    pub fn location(mut self, path: String) -> Self {
        self.location = Some(path);
        self
    }
    pub fn respond(self) -> HttpResponse {
        let body = serde_json::to_string(&self.view).unwrap_or_else(|_| "null".into());
        Stored { status: self.status.as_u16(), body, etag: self.etag, location: self.location }.respond(false)
    }
}

/// An answer as it is kept.
pub(super) struct Stored {
    pub status: u16,
    pub body: String,
    pub etag: Option<String>,
    pub location: Option<String>,
}

impl Stored {
    pub fn respond(self, replayed: bool) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponseBuilder::new(status);
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if replayed {
            response.insert_header(("Idempotency-Replayed", "true"));
        }
        if status == StatusCode::NO_CONTENT {
            return response.finish();
        }
        response.content_type("application/json").body(self.body)
    }
}

/// `here` is the path that was posted to.
pub(super) fn encode<V: serde::Serialize>(reply: Reply<V>, here: &str) -> Result<Stored> {
    let body = serde_json::to_string(&reply.view).map_err(Error::internal)?;
    let mut location = reply.location;
    if reply.is_made_here {
        let made: Made = serde_json::from_str(&body).map_err(Error::internal)?;
        location = Some(format!("{here}/{}", made.id));
    }
    Ok(Stored { status: reply.status.as_u16(), body, etag: reply.etag, location })
}

/// What every resource has.
#[derive(serde::Deserialize)]
struct Made {
    id: String,
}
