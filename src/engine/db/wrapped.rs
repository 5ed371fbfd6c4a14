//! Callers' closures, with their types put aside.
//!
//! What queues, begins, commits, undoes and answers is the same for every piece of work, so it knows no scope and no type, and
//! is compiled once instead of once per closure. That costs two small allocations, beside statements of at least some
//! microseconds.

use std::any::Any;

use super::conn::DbConn;
use super::scope::{Context, Scope};
use crate::base::{Error, Result};

/// What a closure answers.
pub(super) type Value = Box<dyn Any + Send>;
/// A closure that was bound to its scope.
pub(super) type Body = Box<dyn FnOnce(&mut DbConn, &Context) -> Result<Value> + Send>;
/// A closure on a bare connection.
pub(super) type BareBody = Box<dyn FnOnce(&mut DbConn) -> Result<Value> + Send>;

pub(super) fn within<S: Scope, T: Send + 'static>(
    scope: S,
    body: impl FnOnce(&mut S::Tx<'_>) -> Result<T> + Send + 'static,
) -> Body {
    Box::new(move |conn, context| Ok(Box::new(body(&mut scope.bind(conn, context))?)))
}

pub(super) fn bare<T: Send + 'static>(body: impl FnOnce(&mut DbConn) -> Result<T> + Send + 'static) -> BareBody {
    Box::new(move |conn| Ok(Box::new(body(conn)?)))
}

/// What the closure answered, under the type it had.
pub(super) async fn unwrapped<T: 'static>(answered: impl Future<Output = Result<Value>>) -> Result<T> {
    let value = answered.await?.downcast::<T>();
    value.map(|value| *value).map_err(|_| Error::internal("the answer is of another type than its closure's"))
}
