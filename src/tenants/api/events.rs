//! The audit trail.

use actix_web::{HttpResponse, get};
use utoipa::IntoParams;

use crate::base::id::EventId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, EventFilter, EventSort, EventType, SubjectType};
use crate::engine::http::{Answer, CommaList, Page, Paging};
use crate::tenants::access::{Caller, Permission};

#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    #[serde(rename = "type")]
    #[param(rename = "type", inline)]
    kind: Option<EventType>,
    /// Any of these: what a program handles, so that a type which it does not know never reaches it.
    #[param(inline, value_type = Option<Vec<EventType>>)]
    types: Option<CommaList<EventType>>,
    /// The timeline of this lead.
    #[param(value_type = Option<String>, format = Uuid)]
    lead_id: Option<uuid::Uuid>,
    /// Together with `subject_id`.
    #[param(inline)]
    subject_type: Option<SubjectType>,
    /// Together with `subject_type`.
    #[param(value_type = Option<String>, format = Uuid)]
    subject_id: Option<uuid::Uuid>,
    /// At this moment or later.
    #[param(value_type = Option<String>, format = DateTime)]
    occurred_after: Option<Timestamp>,
    /// Before this moment.
    #[param(value_type = Option<String>, format = DateTime)]
    occurred_before: Option<Timestamp>,
    /// `-occurred_at` by default. `occurred_at`: the oldest first, for whoever follows what happens; `next_cursor` is never null
    /// then, and an empty page is the last one so far.
    #[param(inline)]
    sort: Option<EventSort>,
    /// The id of an event: those beyond it in that order.
    #[param(value_type = Option<String>, format = Uuid)]
    after: Option<EventId>,
}

impl EventQuery {
    fn filter(self, about: Option<Vec<SubjectType>>) -> Result<EventFilter> {
        let needs = |name: &str, other: &str| Err(Error::field(name, "required", format!("give it with {other}")));
        let subject = match (self.subject_type, self.subject_id) {
            (Some(kind), Some(id)) => Some((kind, id)),
            (Some(_), None) => return needs("subject_id", "subject_type"),
            (None, Some(_)) => return needs("subject_type", "subject_id"),
            (None, None) => None,
        };
        Ok(EventFilter {
            kind: self.kind,
            kinds: self.types.map(|types| types.0).unwrap_or_default(),
            timeline: self.lead_id,
            subject,
            story: None,
            about,
            occurred_after: self.occurred_after,
            occurred_before: self.occurred_before,
            sort: self.sort,
            after: self.after,
        })
    }
}

/// List events
///
/// Everything that happened in the tenant, newest first unless sorted otherwise: who did what to what, and through which request.
/// While a lead is locked, what names its person is null. Events about what the caller may not read are left out.
///
/// To follow what happens, ask with `sort=occurred_at` and `after` the last event you have, until a page is empty; then ask again in
/// a while. Nothing appears behind the last event of such a page: a page ends before whatever is still being written. Events are kept
/// as long as the tenant, so no id is too old; one that is no event of the tenant is refused with 422.
#[utoipa::path(params(EventQuery), responses((status = 200, description = "A page of events", body = Page<Event>)))]
#[get("/events")]
pub async fn list_events(caller: Caller, core: Core, query: Paging<EventQuery>) -> Answer {
    caller.require(Permission::EventsRead)?;
    let filter = query.filter.filter(caller.readable_subjects())?;
    let list = move |tx: &mut TenantTx<'_>| events::list_concealed(tx, &filter, &query.page);
    Ok(HttpResponse::Ok().json(core.db.read_widely(caller.scope(), list).await?))
}
