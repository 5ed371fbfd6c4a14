//! Whether a campaign may reach people now, asked of the gates that every such message passes ([`crate::sending::outreach`]), within
//! what a tenant may write in a day.

use std::collections::HashMap;

use super::store::messages::Said;
use crate::base::id::TenantId;
use crate::base::time::Timestamp;
use crate::base::{Error, Result};
use crate::contacts::Channel;
use crate::contacts::consents::MessageClass;
use crate::contacts::id::ContactId;
use crate::engine::db::TenantTx;
use crate::inbox::gate::Writer;
use crate::language::Reader;
use crate::sending::dispatch::Platform;
use crate::sending::eligibility::{self, Ready};
use crate::sending::gate::Pass;
use crate::sending::outreach::{GateCode, judge};
use crate::sending::preferences::link::Link;
use crate::sending::senders::{self, Sender};
use crate::sending::{caps, rates};
use crate::tenants::access::{Entitlements, entitlements};

/// What a campaign is for: it is never asked for.
const CLASS: MessageClass = MessageClass::Marketing;

/// Whether one person may be written to.
#[derive(Debug)]
pub(super) enum Reach {
    Open {
        address: String,
        pass: Pass,
    },
    /// Not before then, and why.
    Later {
        address: String,
        at: Timestamp,
        code: GateCode,
    },
    Never {
        code: GateCode,
    },
}

/// A tenant that writes to many on one channel, and from where.
pub(super) struct Desk {
    tenant: TenantId,
    writer: Writer,
    plan: Entitlements,
    channel: Channel,
    ready: Ready,
    platform: Platform,
    reader: Reader,
}

/// # Errors
/// `outreach.no_whatsapp_account`, `channel.not_connected`.
pub(super) fn require_sender(tx: &mut TenantTx<'_>, channel: Channel) -> Result<Sender> {
    if let Some(sender) = senders::of_class(tx, channel, CLASS)? {
        return Ok(sender);
    }
    if channel == Channel::Whatsapp {
        let message = "Many people are written to on WhatsApp from your own WhatsApp Business account alone, and none is connected.";
        return Err(Error::conflict("outreach.no_whatsapp_account", message));
    }
    let message = format!("No sender is connected for {channel}, so nothing can be sent on this channel yet.");
    Err(Error::conflict("channel.not_connected", message))
}

impl Desk {
    pub fn of(tx: &mut TenantTx<'_>, channel: Channel, platform: &Platform) -> Result<Self> {
        let writer = Writer::of(tx)?;
        let plan = entitlements(tx)?;
        let by = writer.for_outreach((&platform.settings, &plan), channel);
        let ready = eligibility::of_tenant(tx, by, channel, CLASS)?;
        let reader = Reader::of(
            [writer.tenant.settings.language.as_ref().map(|language| language.as_str())],
            writer.tenant.time_zone,
        );
        Ok(Self { tenant: tx.tenant(), writer, plan, channel, ready, platform: platform.clone(), reader })
    }

    pub fn sender(&self) -> Option<&Sender> {
        self.ready.sender.as_ref()
    }

    /// Who it is from, as people read it.
    pub fn name(&self) -> String {
        let tenant = &self.writer.tenant;
        match self.sender().filter(|sender| sender.tenant_id.is_some()) {
            Some(own) => own.display_name.clone().unwrap_or_else(|| tenant.name.clone()),
            None => tenant.sender_name(&self.platform.settings.platform_name),
        }
    }

    /// What keeps everything of the tenant's from leaving now, if anything does.
    pub fn holds(&self) -> Option<&'static str> {
        let facts = &self.ready.facts;
        if facts.is_suspended {
            Some("the tenant is suspended")
        } else if !facts.is_verified {
            Some("the tenant is not verified")
        } else if !facts.is_in_plan {
            Some("the tenant's plan does not have the channel")
        } else {
            None
        }
    }

    /// What the gates say of each of these people, at most 1,000; who is gone is left out.
    pub fn reach(&self, tx: &mut TenantTx<'_>, people: &[ContactId]) -> Result<HashMap<ContactId, Reach>> {
        let now = tx.now();
        let by = self.writer.for_outreach((&self.platform.settings, &self.plan), self.channel);
        let facts = eligibility::facts_of(tx, by, &self.ready, people, (self.channel, CLASS))?;
        let judged = facts.into_iter().map(|facts| {
            let answers = judge(&self.ready.facts, &facts, now);
            let (first, opens_at) = (answers.closed().next().and_then(|answer| answer.code), answers.opens_at());
            let reach = match (answers.pass(), facts.address, opens_at) {
                (Ok(pass), Some(address), _) => Reach::Open { address, pass },
                (Err(_), Some(address), Some(at)) => {
                    Reach::Later { address, at, code: first.unwrap_or(GateCode::QuietHours) }
                }
                _ => Reach::Never { code: first.unwrap_or(GateCode::NoAddress) },
            };
            (facts.contact, reach)
        });
        Ok(judged.collect())
    }

    /// How many more people the tenant may write to today; `None`: as many as there are.
    pub fn room(&self, tx: &mut TenantTx<'_>) -> Result<Option<u32>> {
        match self.per_day(tx.now()) {
            None => Ok(None),
            Some(most) => caps::people_left(tx, most).map(Some),
        }
    }

    /// How many people a day, on a sender that all tenants share.
    fn per_day(&self, now: Timestamp) -> Option<u32> {
        let is_shared = self.sender().is_none_or(|sender| sender.tenant_id.is_none());
        is_shared.then(|| caps::people_a_day(self.writer.standing, &self.writer.tenant.agreed, now))
    }

    /// Counts those who are written to now; of each whether there was room, and else the moment from which on there is.
    pub fn count(&self, tx: &mut TenantTx<'_>, addresses: &[&str]) -> Result<Vec<Option<Timestamp>>> {
        match self.per_day(tx.now()) {
            None => Ok(vec![None; addresses.len()]),
            Some(most) => caps::take_people(tx, self.channel, addresses, most),
        }
    }

    /// How long so many messages take to leave, at the sender's rate and by what the tenant may write in a day.
    pub fn takes(&self, count: i64, now: Timestamp) -> chrono::Duration {
        let rate = i64::from(rates::per_second(&self.platform.settings, self.channel));
        let days = self.per_day(now).map_or(0, |most| (count - 1).max(0) / i64::from(most.max(1)));
        chrono::Duration::days(days) + chrono::Duration::seconds((count + rate - 1) / rate)
    }

    pub fn rate(&self) -> u32 {
        rates::per_second(&self.platform.settings, self.channel)
    }

    /// The words that say where the person can end it; of e-mail alone, as others are answered with STOP.
    pub fn link(&self, person: ContactId, address: &str) -> Option<Link> {
        (self.channel == Channel::Email).then(|| Link { tenant: self.tenant, contact: person, address: address.into() })
    }

    /// Puts the way out into an e-mail: the headers by which mail programs offer it (RFC 8058), and a line where the words have none.
    pub fn sign(&self, link: &Link, said: &mut Said, unsubscribe: &str) {
        said.headers = vec![
            ("List-Unsubscribe".into(), format!("<{unsubscribe}>")),
            ("List-Unsubscribe-Post".into(), "List-Unsubscribe=One-Click".into()),
        ];
        let title = self.reader.phrase(crate::language::Phrase::UnsubscribeTitle);
        let links = link.links(&self.platform.key, &self.platform.settings.public_url);
        // Each link is made anew, so what the words have is what was said to them.
        let has_link = |text: &str| text.contains("/unsubscribe/") || text.contains("/preferences/");
        if !has_link(&said.text) {
            said.text.push_str(&format!("\n\n{title}: {}", links.preferences));
        }
        if let Some(html) = said.html.as_mut().filter(|html| !has_link(html)) {
            let line = format!(
                "<p style=\"font-size: small\"><a href=\"{}\">{}</a></p>",
                links.preferences,
                crate::language::escaped(&title)
            );
            match html.rfind("</body>") {
                Some(at) => html.insert_str(at, &line),
                None => html.push_str(&line),
            }
        }
    }

    /// Where the person says that it is enough.
    pub fn unsubscribe(&self, link: &Link) -> String {
        link.links(&self.platform.key, &self.platform.settings.public_url).unsubscribe
    }
}
