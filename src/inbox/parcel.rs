//! A message as it is handed over: from whom, to whom, and where answers go.

use super::model::Channel;
use super::store::messages::Message;
use crate::base::{Error, Result};
use crate::engine::db::TenantTx;
use crate::providers::Mailbox;
use crate::sending::dispatch::{About, Parcel};

pub(super) fn parcel(tx: &mut TenantTx<'_>, message: &Message) -> Result<Parcel> {
    let missing = || Error::internal("an outbound message without addresses");
    let from = message.from_address.clone().ok_or_else(missing)?;
    let template = match (&message.template_code, &message.template_variables) {
        (Some(code), Some(variables)) => Some((code.clone(), variables.read()?)),
        _ => None,
    };
    let reply_to = match message.channel {
        Channel::Email => reply_address(tx, message)?,
        _ => None,
    };
    Ok(Parcel {
        id: message.id.to_string(),
        tenant: message.tenant_id,
        about: About::Lead(message.lead_id),
        channel: message.channel,
        from: Mailbox { name: message.from_name.clone(), address: from },
        to: message.to_address.clone().ok_or_else(missing)?,
        subject: message.subject.clone(),
        text: message.content.clone(),
        html: None,
        template,
        reply_to,
        headers: Vec::new(),
    })
}

/// Where answers to an e-mail go: the tenant's first notification address, else the author.
fn reply_address(tx: &mut TenantTx<'_>, message: &Message) -> Result<Option<Mailbox>> {
    let tenant = crate::tenants::store::current(tx)?;
    if let Some(address) = tenant.settings.notification_recipients.emails.first() {
        return Ok(Some(Mailbox::bare(address.as_str())));
    }
    let Some(author) = message.sender_user_id else { return Ok(None) };
    let members = crate::tenants::store::members(tx)?;
    Ok(members.into_iter().find(|member| member.user_id == author).map(|member| Mailbox::bare(member.email)))
}
