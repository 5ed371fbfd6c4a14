//! What a Meta form asks, by Meta's own types: an advertiser words questions as they like, and the type says which of them is the
//! name. Asked for with the form's first lead and kept with the form; asked again when a lead answers something else, but not
//! more than once an hour. A lead does not wait for it: without an answer it is read by words alone.

use crate::ads::store::StoredForm;
use crate::base::Result;
use crate::base::json::Json;
use crate::engine::db::TenantTx;
use crate::engine::jobs::JobContext;
use crate::providers::LeadFetcher;
use crate::providers::meta::{FormQuestion, MetaLead};

const ASKED_AGAIN_AFTER: chrono::Duration = chrono::Duration::hours(1);

/// What is known of a form's questions.
pub(super) struct Known {
    form: Option<StoredForm>,
    pub questions: Vec<FormQuestion>,
    /// It was asked for just now.
    is_news: bool,
}

/// `form` is where they are kept; there are none for a form nobody here has.
pub(super) async fn of(ctx: &JobContext, graph: &dyn LeadFetcher, form: Option<StoredForm>, lead: &MetaLead) -> Known {
    let now = ctx.core.clock.now();
    let kept = form.as_ref().and_then(|form| form.platform_questions.as_ref());
    let kept: Vec<FormQuestion> = kept.and_then(|kept| kept.read().ok()).unwrap_or_default();
    let asked_at = form.as_ref().and_then(|form| form.questions_asked_at);
    let is_known = |name: &str| kept.iter().any(|question| question.key == name);
    let is_missing = lead.field_data.iter().any(|datum| !is_known(&datum.name));
    let may_ask = asked_at.is_none_or(|at| now.since(at) >= ASKED_AGAIN_AFTER);
    let (Some(id), true) = (&lead.form_id, form.is_some() && is_missing && may_ask) else {
        return Known { form, questions: kept, is_news: false };
    };
    let told = graph.fetch_questions(id.as_str()).await;
    let result = told.as_ref().map_or_else(|error| error.class.as_str(), |_| "ok");
    ctx.core.metrics.provider_call("meta", "fetch_questions", result);
    let questions = match told {
        Ok(questions) if !questions.is_empty() => questions,
        Ok(_) => kept,
        Err(error) => {
            tracing::warn!(form = id.as_str(), code = error.code, "Meta does not tell what this form asks");
            kept
        }
    };
    Known { form, questions, is_news: true }
}

impl Known {
    /// Keeps what was asked for, with its form.
    pub fn keep(&self, tx: &mut TenantTx<'_>) -> Result<()> {
        let Some(form) = self.form.as_ref().filter(|form| self.is_news && form.tenant_id == tx.tenant()) else {
            return Ok(());
        };
        let kept = (!self.questions.is_empty()).then(|| Json::of(&self.questions));
        crate::ads::store::note_questions(tx, form.id, kept.as_ref())
    }
}
