//! Templates: made, changed, archived and deleted. What is saved can be sent: every part was read, every name is known, and with the
//! examples of the variables it is a message that its channel takes.

use super::compiled::Compiled;
use super::facts::TemplateFact;
use super::model::{Content, MessageClass, TemplateStatus};
use super::store::{self as rows, Template};
use super::vocabulary;
use crate::base::bounded::{Line, Text};
use crate::base::json::Doc;
use crate::base::{Error, Result, unicode};
use crate::contacts::Channel;
use crate::engine::db::TenantTx;
use crate::engine::db::dialect::lock_tenant;
use crate::engine::events::Fact as _;
use crate::engine::http::IfMatch;
use crate::sending::id::TemplateId;
use crate::tenants::region::Language;

/// How many templates a tenant may have.
pub const MOST_PER_TENANT: i64 = 500;

crate::inputs! {
    /// A template to be made: a draft, unless its status says otherwise. Variables stand in double braces, in any case, with a fallback
    /// where a person may have no value: `{{ first_name | default("there") }}`.
    #[schema(example = json!({"name": "Festive offer", "channel": "email", "message_class": "marketing", "language": "en",
        "subject": "A gift for {{ first_name | default(\"you\") }}",
        "html": "<p>Hi {{ first_name | default(\"there\") }}, see <a href=\"https://abc.example/offer\">our offer</a>.</p><p><a href=\"{{ unsubscribe_url }}\">Unsubscribe</a></p>",
        "preheader": "Until Diwali", "status": "active"}))]
    pub struct NewTemplate,
    /// A change to a template; null clears what may be absent.
    #[schema(example = json!({"subject": "Still there, {{ first_name | default(\"friend\") }}?", "status": "active"}))]
    TemplatePatch of Template with { search: String, variables: Doc<Vec<String>> } {
        pub name: Line<1, 120>,
        /// `email` or `sms`; it stays.
        made pub channel: Channel,
        pub message_class: MessageClass,
        /// What it is written in.
        pub language: Option<Language>,
        /// Of an e-mail, which has one.
        pub subject: Option<Line<1, 300>>,
        /// Plain text. An e-mail without one reads as its HTML does.
        pub body: Option<Text<1, 20_000>>,
        /// Of an e-mail: without scripts, forms and frames.
        pub html: Option<Text<1, 100_000>>,
        /// What lists of messages show of an e-mail besides its subject; it goes with HTML.
        pub preheader: Option<Line<1, 300>>,
        made pub status: Option<TemplateStatus>,
        /// `archived` takes it out of use and frees its name; `draft` or `active` brings it back.
        changed pub status: Given<TemplateStatus>,
    }
}

/// # Errors
/// `template.too_many`, `template.name_taken`, `template.channel_not_available`; everything that is wrong with its words.
pub fn create(tx: &mut TenantTx<'_>, new: NewTemplate) -> Result<Template> {
    if !matches!(new.channel, Channel::Email | Channel::Sms) {
        let message = format!("There are templates for email and sms; none for {} yet.", new.channel);
        return Err(Error::invalid("template.channel_not_available", message));
    }
    rows::room(tx, MOST_PER_TENANT)?;
    let mut template = new.row(tx, String::new(), Doc(Vec::new()));
    settle(tx, &mut template)?;
    rows::insert(tx, &template)?;
    tx.record(fact(&template).told_as(TemplateFact::CREATED).about(template.id.uuid()))?;
    Ok(template)
}

/// # Errors
/// `template.not_found`, `template.archived`, `template.name_taken`, `request.precondition_failed`; everything that is wrong with its
/// words.
pub fn change(tx: &mut TenantTx<'_>, id: TemplateId, mut patch: TemplatePatch, if_match: &IfMatch) -> Result<Template> {
    // Whose name is free is asked under this lock.
    lock_tenant(tx, "templates")?;
    let before = rows::hold(tx, id)?;
    if_match.check(before.version)?;
    let mut template = before.clone();
    let changes = patch.apply(&mut template);
    if changes.is_empty() {
        return Ok(before);
    }
    if !before.status.is_open() && !template.status.is_open() {
        let message = "The template is archived. Bring it back by a status of draft or active first.";
        return Err(Error::conflict("template.archived", message));
    }
    settle(tx, &mut template)?;
    rows::save(tx, &mut template)?;
    let is_archived = changes.has("status") && !template.status.is_open();
    let kind = if is_archived { TemplateFact::ARCHIVED } else { TemplateFact::UPDATED };
    let fact = TemplateFact { changed: Some(changes.told()), ..fact(&template) };
    tx.record(fact.told_as(kind).about(id.uuid()))?;
    Ok(template)
}

/// What was made of it stays.
///
/// # Errors
/// `template.not_found`.
pub fn delete(tx: &mut TenantTx<'_>, id: TemplateId) -> Result<()> {
    let template = rows::hold(tx, id)?;
    rows::delete(tx, id)?;
    tx.record(fact(&template).told_as(TemplateFact::DELETED).about(id.uuid()))?;
    Ok(())
}

fn fact(template: &Template) -> TemplateFact {
    TemplateFact {
        name: Some(template.name.clone()),
        channel: Some(template.channel),
        status: Some(template.status),
        ..TemplateFact::default()
    }
}

/// What follows from its other fields, and whether it can be.
fn settle(tx: &mut TenantTx<'_>, template: &mut Template) -> Result<()> {
    template.variables = Doc(checked(&template.content())?);
    template.search = unicode::folded(&template.name);
    if template.status.is_open() && rows::is_named(tx, &template.search, template.id)? {
        let message = format!("Another template is called {}.", template.name);
        return Err(Error::conflict("template.name_taken", message));
    }
    Ok(())
}

/// The names of its variables.
///
/// # Errors
/// Everything that is wrong with it.
fn checked(content: &Content) -> Result<Vec<String>> {
    let (compiled, mut wrong) = Compiled::read(content);
    wrong.extend(vocabulary::unknown(&compiled));
    if wrong.is_empty() {
        wrong.extend(vocabulary::tried(&compiled));
    }
    if !wrong.is_empty() {
        return Err(Error::fields(wrong));
    }
    let mut names: Vec<String> = compiled.variables().flat_map(|(_, names)| names.iter().cloned()).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}
