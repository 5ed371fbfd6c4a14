//! Changing a lead, assigning it, writing notes.

use actix_web::{HttpResponse, get, patch, post, web};
use utoipa::ToSchema;
use validator::Validate;

use crate::base::email::Email;
use crate::base::id::{LeadId, NoteId, UserId};
use crate::base::patch::Patch;
use crate::base::text::person_name;
use crate::base::time::Timestamp;
use crate::base::{Error, Result, unicode};
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Cursor, IfMatch, Json, Once, Page, Paging, Path, Reply};
use crate::leads::assign;
use crate::leads::change::{self, LeadPatch};
use crate::leads::model::{LeadStatus, LeadValidity, LocationPatch};
use crate::leads::notes;
use crate::leads::store::{self, Note};
use crate::leads::view::{self, LeadView};
use crate::tenants::access::{Caller, Permission};

/// All pages, or all actions, of one lead: lists of leads carry them.
const MAX_BEHAVIOUR_BYTES: usize = 32 * 1024;

/// A merge-patch: absent keeps, null clears.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"status": "qualified", "company": "Sharma Exports", "timeline": null}))]
pub struct UpdateLead {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 200)]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<Email>)]
    email: Patch<Email>,
    /// E.164, or the national form of the tenant's country.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 40)]
    phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    company: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<LeadStatus>)]
    status: Patch<LeadStatus>,
    #[serde(default)]
    #[schema(value_type = Option<LeadValidity>)]
    validity: Patch<LeadValidity>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    industry: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<LocationPatch>)]
    location: Patch<LocationPatch>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    budget_range: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 200)]
    timeline: Patch<String>,
    /// At most 32 KiB.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 500)]
    pages_visited: Patch<Vec<String>>,
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 100_000_000)]
    time_on_site_seconds: Patch<i64>,
    /// At most 32 KiB.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 500)]
    actions_taken: Patch<Vec<String>>,
}

impl UpdateLead {
    fn parse(self) -> Result<LeadPatch> {
        let texts = [
            ("/name", &self.name, 1),
            ("/company", &self.company, 0),
            ("/industry", &self.industry, 0),
            ("/budget_range", &self.budget_range, 0),
            ("/timeline", &self.timeline, 0),
        ];
        for (pointer, patch, least) in texts {
            if let Patch::Value(text) = patch
                && !(least..=200).contains(&text.trim().chars().count())
            {
                let rule = format!("expected {least} to 200 characters");
                return Err(Error::field(pointer, "length", rule));
            }
        }
        for (pointer, patch) in [("/name", &self.name), ("/company", &self.company)] {
            if let Patch::Value(text) = patch
                && text.chars().any(char::is_control)
            {
                return Err(Error::field(pointer, "single_line", "expected one line without control characters"));
            }
        }
        if let Patch::Value(name) = &self.name
            && person_name(name).is_err()
        {
            return Err(Error::field("/name", "blank", "expected a name of characters that show"));
        }
        for (pointer, patch) in [("/pages_visited", &self.pages_visited), ("/actions_taken", &self.actions_taken)] {
            if let Patch::Value(list) = patch
                && (list.len() > 500 || list.iter().map(String::len).sum::<usize>() > MAX_BEHAVIOUR_BYTES)
            {
                let rule = format!("expected at most 500 entries, all together of at most {MAX_BEHAVIOUR_BYTES} bytes");
                return Err(Error::field(pointer, "length", rule));
            }
        }
        if let Patch::Value(seconds) = self.time_on_site_seconds
            && !(0..=100_000_000).contains(&seconds)
        {
            return Err(Error::field("/time_on_site_seconds", "range", "expected 0 to 100000000 seconds"));
        }
        if let Patch::Value(location) = &self.location {
            location.check()?;
        }
        Ok(LeadPatch {
            name: self.name.map(|name| unicode::name(&name)),
            email: self.email,
            phone: self.phone,
            company: self.company,
            status: self.status,
            validity: self.validity,
            industry: self.industry,
            location: self.location,
            budget_range: self.budget_range,
            timeline: self.timeline,
            pages_visited: self.pages_visited,
            time_on_site_seconds: self.time_on_site_seconds,
            actions_taken: self.actions_taken,
        })
    }
}

/// Changes a lead. The score follows; of a locked lead only status and validity can be changed. One that was `unreachable` is
/// metered when it gets an e-mail address or a phone number.
#[utoipa::path(params(IfMatch), responses((status = 200, description = "The lead as it is now", body = LeadView)))]
#[patch("/leads/{id}")]
pub async fn update_lead(
    caller: Caller,
    core: web::Data<Core>,
    path: Path<LeadId>,
    if_match: IfMatch,
    body: Json<UpdateLead>,
) -> Result<HttpResponse> {
    caller.require(Permission::LeadsWrite)?;
    let patch = body.0.parse()?;
    let write = move |tx: &mut TenantTx<'_>| {
        let lead = change::change_lead(tx, path.0, patch, &if_match)?;
        view::of(tx, lead)
    };
    let lead = core.db.write(caller.scope(), write).await?;
    let version = lead.version;
    Ok(Reply::ok(lead).version(version).respond())
}

/// To whom; null takes it back.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"user_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11"}))]
pub struct AssignLead {
    #[serde(deserialize_with = "Option::deserialize")]
    user_id: Option<UserId>,
}

/// Assigns a lead to a user of the tenant, or to nobody.
#[utoipa::path(responses((status = 200, description = "The lead as it is now", body = LeadView)))]
#[post("/leads/{id}/assign")]
pub async fn assign_lead(
    caller: Caller,
    core: web::Data<Core>,
    path: Path<LeadId>,
    body: Json<AssignLead>,
    once: Once,
) -> Result<HttpResponse> {
    caller.require(Permission::LeadsWrite)?;
    let write = move |tx: &mut TenantTx<'_>| {
        let lead = assign::assign_lead(tx, path.0, body.0.user_id)?;
        let version = lead.version;
        Ok(Reply::ok(view::of(tx, lead)?).version(version))
    };
    once.write(&core, caller.scope(), write).await
}

/// A note to write.
#[derive(Debug, serde::Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"body": "Prefers a call after 6 pm."}))]
pub struct NewNote {
    #[validate(length(min = 1, max = 10_000))]
    #[schema(min_length = 1, max_length = 10_000)]
    body: String,
}

/// A note on a lead.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11", "lead_id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a12",
    "author_id": null, "body": "Prefers a call after 6 pm.", "created_at": "2026-11-20T09:00:01Z"}))]
pub struct NoteView {
    id: NoteId,
    lead_id: LeadId,
    /// Null when an API key or an operator wrote it.
    author_id: Option<UserId>,
    body: String,
    created_at: Timestamp,
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.id,
            lead_id: note.lead_id,
            author_id: note.author_id,
            body: note.body,
            created_at: note.created_at,
        }
    }
}

/// Writes a note on a lead.
#[utoipa::path(responses((status = 201, description = "The note", body = NoteView)))]
#[post("/leads/{id}/notes")]
pub async fn create_lead_note(
    caller: Caller,
    core: web::Data<Core>,
    path: Path<LeadId>,
    body: Json<NewNote>,
    once: Once,
) -> Result<HttpResponse> {
    caller.require(Permission::LeadsWrite)?;
    let write =
        move |tx: &mut TenantTx<'_>| Ok(Reply::created(NoteView::from(notes::add_note(tx, path.0, body.0.body)?)));
    once.write(&core, caller.scope(), write).await
}

/// Notes of a lead, newest first.
#[utoipa::path(
    responses((status = 200, description = "A page of notes", body = Page<NoteView>))
)]
#[get("/leads/{id}/notes")]
pub async fn list_lead_notes(
    caller: Caller,
    core: web::Data<Core>,
    path: Path<LeadId>,
    query: Paging,
) -> Result<HttpResponse> {
    caller.require(Permission::LeadsRead)?;
    let (_, limit, before) = query.read::<NoteId>()?;
    let read = move |tx: &mut TenantTx<'_>| {
        store::get(tx, path.0)?;
        store::list_notes(tx, path.0, before, limit.probe())
    };
    let notes = core.db.read(caller.scope(), read).await?;
    let page = Page::of(notes, limit, |last| Cursor::of(&last.id));
    Ok(HttpResponse::Ok().json(page.map(NoteView::from)))
}
