//! One lead: itself, its score and its timeline.

use actix_web::{HttpResponse, get};

use crate::base::Error;
use crate::contacts::bookings::{self, BookingFact};
use crate::contacts::id::{ContactId, LeadId};
use crate::contacts::people::ContactFact;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, Event, EventFilter, Fact as _, Story};
use crate::engine::http::{Answer, Page, Paging, Path, Reply};
use crate::leads::store;
use crate::leads::tasks::{self, TaskFact};
use crate::leads::view::{self, LeadView, ScoreView};
use crate::tenants::access::{Caller, Permission};

/// So many of what hangs on a contact have their story on its timeline.
const MOST_TOLD_OF: i64 = 100;

/// Get a lead
///
/// Without the person while it is locked.
#[utoipa::path(responses((status = 200, description = "The lead", body = LeadView)))]
#[get("/leads/{id}")]
pub async fn get_lead(caller: Caller, core: Core, path: Path<LeadId>) -> Answer {
    caller.require(Permission::LeadsRead)?;
    let lead = store::look(&core.db, caller.scope(), path.0).await?;
    let shown = match view::open(lead, core.clock.now())? {
        Ok(shown) => shown,
        Err(locked) => core.read(&caller, move |tx| view::of(tx, *locked)).await?,
    };
    Ok(Reply::of(shown).respond())
}

/// Explain a lead's score
///
/// Item by item; the items add up to it. While the lead is locked, they quote no answer.
#[utoipa::path(responses((status = 200, description = "The score and its items", body = ScoreView)))]
#[get("/leads/{id}/score")]
pub async fn get_lead_score(caller: Caller, core: Core, path: Path<LeadId>) -> Answer {
    caller.require(Permission::LeadsRead)?;
    let score = core.read(&caller, move |tx| {
        let lead = store::get(tx, path.0)?;
        let score = store::latest_score(tx, path.0)?.ok_or_else(|| Error::internal("a lead without a score"))?;
        Ok(ScoreView::of(score, lead.is_locked))
    });
    Ok(HttpResponse::Ok().json(score.await?))
}

/// List what happened with a lead, newest first
///
/// While the lead is locked, what names the person is null.
#[utoipa::path(
    responses((status = 200, description = "A page of the timeline", body = Page<Event>))
)]
#[get("/leads/{id}/activities")]
pub async fn list_lead_activities(caller: Caller, core: Core, path: Path<LeadId>, query: Paging) -> Answer {
    caller.require(Permission::LeadsRead)?;
    let filter = EventFilter { timeline: Some(path.0.uuid()), about: caller.readable_subjects(), ..Default::default() };
    let list = move |tx: &mut TenantTx<'_>| {
        store::get(tx, path.0)?;
        events::list_concealed(tx, &filter, &query.page)
    };
    Ok(HttpResponse::Ok().json(core.db.read(caller.scope(), list).await?))
}

/// List what happened with a contact, newest first
///
/// Its own story, that of the person's newest hundred leads, without those under lock, and those of the newest hundred bookings and tasks.
#[utoipa::path(
    responses((status = 200, description = "A page of the timeline", body = Page<Event>))
)]
#[get("/contacts/{id}/timeline")]
pub async fn list_contact_timeline(caller: Caller, core: Core, id: Path<ContactId>, query: Paging) -> Answer {
    caller.require(Permission::ContactsRead)?;
    let about = caller.readable_subjects();
    let list = move |tx: &mut TenantTx<'_>| {
        let leads = store::of_contact(tx, id.0)?;
        let leads = leads.into_iter().map(|lead| lead.uuid()).collect();
        let bookings = bookings::newest(tx, id.0, MOST_TOLD_OF)?.into_iter().map(|booking| booking.uuid()).collect();
        let mut about_them = vec![
            (ContactFact::subject_of(ContactFact::CREATED), vec![id.0.uuid()]),
            (BookingFact::subject_of(BookingFact::CREATED), bookings),
        ];
        let tasks = tasks::newest(tx, id.0, MOST_TOLD_OF)?.into_iter().map(|task| task.uuid()).collect();
        about_them.push((TaskFact::subject_of(TaskFact::CREATED), tasks));
        let story = Some(Story { about: about_them, timelines: leads });
        events::list_concealed(tx, &EventFilter { story, about, ..Default::default() }, &query.page)
    };
    Ok(HttpResponse::Ok().json(core.db.read(caller.scope(), list).await?))
}
