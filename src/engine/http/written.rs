//! Answers that are written as JSON where their values were read, so that a large page crosses threads as one text.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::HttpResponse;

use actix_web::http::header;

use super::etag;
use crate::base::{Error, Result};

/// A value as JSON.
#[derive(Debug)]
pub struct Written(Vec<u8>);

/// How long the last one was: the next is nearly as long, and one that grows is copied at each doubling.
static LAST: AtomicUsize = AtomicUsize::new(0);

impl Written {
    /// A page of 50 large resources has some 70 KB. What is larger than this is not expected.
    const ROOM: usize = 112 * 1024;

    /// # Errors
    /// The value is none that JSON can hold.
    pub fn of(value: &impl serde::Serialize) -> Result<Self> {
        let last = LAST.load(Ordering::Relaxed);
        let mut text = Vec::with_capacity((last + last / 16 + 1024).min(Self::ROOM));
        serde_json::to_writer(&mut text, value).map_err(Error::internal)?;
        LAST.store(text.len(), Ordering::Relaxed);
        Ok(Self(text))
    }

    /// 200 with this as its body, under the tag by which a change may ask for it.
    pub fn tagged(self) -> HttpResponse {
        let tag = etag::of_answer(&self.0);
        HttpResponse::Ok().insert_header((header::ETAG, tag)).content_type("application/json").body(self.0)
    }

    /// 200 with this as its body.
    pub fn ok(self) -> HttpResponse {
        HttpResponse::Ok().content_type("application/json").body(self.0)
    }
}
