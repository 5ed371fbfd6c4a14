//! The engine's handle as a handler's argument, and what a handler answers.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};

use crate::base::{Error, Result};
use crate::engine::Core;

/// What a handler answers, or why not.
pub type Answer = Result<HttpResponse>;

impl FromRequest for Core {
    type Error = Error;
    type Future = Ready<Result<Self>>;
    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let core = req.app_data::<web::Data<Self>>().map(|core| core.get_ref().clone());
        ready(core.ok_or_else(|| Error::internal("the app has no engine")))
    }
}
