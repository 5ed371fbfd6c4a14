//! The words of a campaign, written for each person.

use std::collections::HashMap;

use super::reach::Desk;
use super::store::messages::Said;
use crate::base::json::Doc;
use crate::base::{Error, Result};
use crate::contacts::Channel;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;
use crate::sending::id::TemplateId;
use crate::sending::library::{self, Compiled, Content, MessageClass, Segments, TemplateStatus, Words};

/// The words that all are sent, read once.
pub(super) struct Letter {
    pub content: Content,
    compiled: Compiled,
}

/// Why they cannot be written for a person.
#[derive(Debug)]
pub(super) struct Fault {
    pub code: &'static str,
    pub message: String,
}

/// What one person is sent, and how many SMS it is.
pub(super) struct Written {
    pub said: Said,
    pub segments: i64,
}

impl Letter {
    /// # Errors
    /// `template.not_found`, `outreach_campaign.template_unusable`.
    pub fn of_template(tx: &mut TenantTx<'_>, id: TemplateId) -> Result<Self> {
        let template = library::get(tx, id)?;
        let message = |why: &str| Error::conflict("outreach_campaign.template_unusable", why.to_string());
        if template.status != TemplateStatus::Active {
            return Err(message("The template is not active."));
        }
        if template.message_class != MessageClass::Marketing {
            return Err(message("Many people at once are written to by templates of the class marketing alone."));
        }
        Self::of(template.content())
    }

    pub fn of(content: Content) -> Result<Self> {
        let compiled = Compiled::of(&content).map_err(|why| {
            Error::conflict("outreach_campaign.template_unusable", format!("The template: {}", why.message()))
        })?;
        Ok(Self { content, compiled })
    }

    pub fn channel(&self) -> Channel {
        self.content.channel
    }

    pub fn doc(&self) -> Doc<Content> {
        Doc(self.content.clone())
    }

    /// What can be said of these people.
    pub fn words(&self, tx: &mut TenantTx<'_>, people: &[ContactId]) -> Result<HashMap<ContactId, Words>> {
        Words::of_people(tx, people)
    }

    /// What this person is sent at this address.
    pub fn said(
        &self,
        desk: &Desk,
        words: &mut HashMap<ContactId, Words>,
        person: ContactId,
        address: &str,
    ) -> Result<Written, Fault> {
        let gone = || Fault { code: "gone", message: "There is no such contact any more.".into() };
        let own = words.get_mut(&person).ok_or_else(gone)?;
        let link = desk.link(person, address).map(|link| (desk.unsubscribe(&link), link));
        if let Some((unsubscribe, _)) = &link {
            own.say("unsubscribe_url", unsubscribe);
        }
        let written = self.compiled.render(own).map_err(|why| Fault { code: why.code(), message: why.to_string() })?;
        let is_sms = self.content.channel == Channel::Sms;
        let segments = if is_sms { i64::try_from(Segments::of(&written.text).count).unwrap_or(0) } else { 0 };
        let mut said = Said { subject: written.subject, text: written.text, html: written.html, headers: Vec::new() };
        if let Some((unsubscribe, link)) = &link {
            desk.sign(link, &mut said, unsubscribe);
        }
        Ok(Written { said, segments })
    }
}
