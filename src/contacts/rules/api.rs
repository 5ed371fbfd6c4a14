//! `POST /v1/contacts/search`: people by a rule.

use actix_web::{HttpResponse, post};
use validator::Validate;

use super::search;
use crate::base::Error;
use crate::contacts::people::store::{Contact, ContactView};
use crate::contacts::schema::contacts;
use crate::engine::Core;
use crate::engine::db::Direction::{Asc, Desc};
use crate::engine::db::{Order, PageRequest};
use crate::engine::http::{Answer, Json};
use crate::engine::rules::Written;
use crate::tenants::access::{Caller, Permission};

crate::text_enum! {
    /// Which contacts come first.
    pub enum ContactOrder {
        CreatedDesc = "-created_at",
        CreatedAsc = "created_at",
        UpdatedDesc = "-updated_at",
    }
}

/// Whom to look for.
#[derive(Debug, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"rule": {"all": [
    {"field": "city", "op": "eq", "value": "Mumbai"},
    {"field": "tags", "op": "in", "value": ["vip", "wedding 2024"]},
    {"field": "created_at", "op": "within_last_days", "value": 30}
]}, "sort": "-created_at", "limit": 50}))]
pub struct ContactSearch {
    pub rule: Written,
    /// Newest first, when it is not said.
    pub sort: Option<ContactOrder>,
    #[validate(range(min = 1, max = 200))]
    #[schema(minimum = 1, maximum = 200)]
    pub limit: Option<u16>,
    /// The `next_cursor` of the page before, of the same order.
    #[validate(length(max = 500))]
    #[schema(max_length = 500)]
    pub cursor: Option<String>,
    /// Whether to count all who are found.
    #[serde(default)]
    pub total: bool,
}

/// Who was found.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ContactMatches {
    pub data: Vec<ContactView>,
    /// Give it as `cursor` for the next page; null on the last page.
    pub next_cursor: Option<String>,
    /// How many there are on all pages, up to 100,000; null unless it was asked for.
    pub total: Option<i64>,
    /// There are more than `total` says.
    pub is_more: bool,
}

/// A cursor that is none, where it stands in a body.
fn in_the_body(error: Error) -> Error {
    match error.field_errors() {
        [one] if one.pointer == "cursor" => Error::field("/cursor", one.code.clone(), one.detail.clone()),
        _ => error,
    }
}

/// Search contacts by a rule
///
/// The rule is the one that segments have. Nothing is written.
#[utoipa::path(
    extensions(("x-safe" = json!(true))),
    responses((status = 200, description = "A page of contacts", body = ContactMatches)))]
#[post("/contacts/search")]
pub async fn search_contacts(caller: Caller, core: Core, input: Json<ContactSearch>) -> Answer {
    caller.require(Permission::ContactsRead)?;
    let ContactSearch { rule, sort, limit, cursor, total } = input.0;
    let read = core.read(&caller, move |tx| {
        use contacts::{id, updated_at};
        let (rule, moment) = (search::read(tx, &rule.0, "/rule")?, search::moment(tx)?);
        let order = match sort.unwrap_or(ContactOrder::CreatedDesc) {
            ContactOrder::CreatedDesc => Order::by_id(Desc, id, |row: &Contact| row.id),
            ContactOrder::CreatedAsc => Order::by_id(Asc, id, |row: &Contact| row.id),
            ContactOrder::UpdatedDesc => Order::by(Desc, (updated_at, id), |row: &Contact| (row.updated_at, row.id)),
        };
        let at = PageRequest::of(limit, cursor);
        let which = search::which(tx, &rule, &moment);
        let page = tx.page(which, order, &at).map_err(in_the_body)?;
        let which = search::which(tx, &rule, &moment);
        let counted = if total { Some(search::counted(tx, which)?) } else { None };
        Ok(ContactMatches {
            data: page.data.into_iter().map(Into::into).collect(),
            next_cursor: page.next_cursor,
            total: counted.map(|(count, _)| count),
            is_more: counted.is_some_and(|(_, is_all)| !is_all),
        })
    });
    Ok(HttpResponse::Ok().json(read.await?))
}
