//! Rows that go over the wire as their views: one, one that was made, a page of them.

use actix_web::HttpResponse;

use super::once::{Reply, Versioned};
use super::paging::Page;

/// A row and how it is shown. [`record!`](crate::record) says it.
pub trait Shown: Sized {
    type View: serde::Serialize + From<Self>;
}

/// For a row with one view.
#[macro_export]
macro_rules! shown {
    ($row:ty as $view:ty) => {
        impl $crate::engine::http::Shown for $row {
            type View = $view;
        }
    };
}

/// The row as it is shown, with its version.
pub fn reply<R: Shown>(row: R) -> HttpResponse
where
    R::View: Versioned,
{
    Reply::of(R::View::from(row)).respond()
}

/// A row that was made, and is found by its id under the path that was posted to.
pub fn made<R: Shown>(row: R) -> Reply<R::View>
where
    R::View: Versioned,
{
    Reply::made_here(R::View::from(row))
}

/// Rows as they are shown.
pub fn listed<R: Shown>(page: Page<R>) -> HttpResponse {
    HttpResponse::Ok().json(page.map(R::View::from))
}
