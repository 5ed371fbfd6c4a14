//! Answers that are written as JSON where their values were read, so that a large page crosses threads as one text.

use actix_web::HttpResponse;

use actix_web::http::header;

use super::etag;
use crate::base::{Error, Result};

/// A value as JSON.
#[derive(Debug)]
pub struct Written(Vec<u8>);

impl Written {
    /// A page of 50 large resources has some 70 KB; growing is cheap beyond the first few doublings.
    const ROOM: usize = 16 * 1024;

    /// # Errors
    /// The value is none that JSON can hold.
    pub fn of(value: &impl serde::Serialize) -> Result<Self> {
        let mut text = Vec::with_capacity(Self::ROOM);
        serde_json::to_writer(&mut text, value).map_err(Error::internal)?;
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
