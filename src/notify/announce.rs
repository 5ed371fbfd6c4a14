//! From an event to everybody who is to know: rows and jobs in one transaction.

use std::collections::BTreeSet;

use serde_json::json;

use super::compose::{self, Notice};
use super::model::{Choice, NotificationKind};
use super::queue::{Words, put};
use super::recipients;
use super::store::{self, Notification};
use crate::base::Result;
use crate::base::id::EventId;
use crate::base::json::Json;
use crate::base::phone::Phone;
use crate::contacts::Channel;
use crate::engine::db::TenantTx;
use crate::engine::events::{self, ReactionPayload};
use crate::engine::jobs::{JobContext, JobKind, Outcome};
use crate::engine::tally::{Span, Tally};
use crate::notify::id::NotificationId;
use crate::sending::caps::ALERTS_AN_HOUR;
use crate::tenants::Tenant;
use crate::tenants::access::{Permission, Role};
use crate::tenants::store::{Member, current, members};

/// Tells of a new lead; before anything else, because an hour is what the tenant has.
pub static LEAD_CREATED: JobKind = JobKind::new("notify.lead_created").priority(1);
/// Tells of everything else.
pub static OTHER: JobKind = JobKind::new("notify.event").priority(4);

pub(super) async fn run(context: JobContext) -> Result<Outcome> {
    let event = context.payload::<ReactionPayload>()?.event_id;
    let app_url = context.core.settings.app_url.clone();
    context.finish(move |tx| announce(tx, event, &app_url)).await
}

pub(super) fn announce(tx: &mut TenantTx<'_>, id: EventId, app_url: &str) -> Result<()> {
    let Some(event) = events::find(tx, id)? else { return Ok(()) };
    let tenant = current(tx)?;
    let Some(notice) = compose::notice(tx, &event, &tenant, app_url)? else { return Ok(()) };
    let people = members(tx)?;
    let audience = audience(&notice, &people);
    let now = tx.now();
    let rows: Vec<Notification> = audience
        .iter()
        .filter(|(_, choice)| choice.in_app)
        .map(|(member, _)| Notification {
            tenant_id: tenant.id,
            id: NotificationId::new(),
            user_id: member.user_id,
            event_id: Some(id),
            kind: notice.kind,
            title: notice.title.clone(),
            body: notice.body.clone(),
            link: Some(notice.link.clone()),
            lead_id: notice.lead_id(),
            data: Json::from(json!({"event_type": event.kind, "subject_id": event.subject_id})),
            read_at: None,
            created_at: now,
        })
        .collect();
    store::insert(tx, &rows)?;
    let wished = outside(notice.kind, &tenant, &audience);
    if wished.is_empty() {
        return Ok(());
    }
    let mut told = recipients::agreed(tx, &people)?;
    told.extend(recipients::awaited(&people));
    for (channel, address) in wished.intersection(&told) {
        let flood = is_flooded(tx, &tenant, *channel, address)?;
        let notice = match flood {
            Flood::None => &notice,
            Flood::Begins => &compose::many(notice.kind, &tenant, app_url),
            Flood::GoesOn => continue,
        };
        let words = Words {
            event: id,
            kind: notice.kind,
            template_code: notice.template_code,
            rendered: notice.on(*channel)?,
            lead_received_at: notice.lead_received_at(),
        };
        put(tx, words, *channel, address.clone())?;
    }
    Ok(())
}

/// How the alerts of an hour stand with an address.
enum Flood {
    None,
    /// One more than are told one by one: this one says so.
    Begins,
    GoesOn,
}

fn is_flooded(tx: &mut TenantTx<'_>, tenant: &Tenant, channel: Channel, address: &str) -> Result<Flood> {
    let most = tenant.agreed.alerts_an_hour.unwrap_or(ALERTS_AN_HOUR);
    let subject = format!("{channel}:{address}");
    let tally = Tally { tenant: tenant.id, kind: "alerts", subject: &subject, span: Span::hour(tx.now()) };
    let tx = &mut tx.platform();
    if tally.take(tx, most)? {
        return Ok(Flood::None);
    }
    let is_first = Tally { kind: "alerts_told_of", ..tally }.take(tx, 1)?;
    Ok(if is_first { Flood::Begins } else { Flood::GoesOn })
}

/// The active people a notice is for, with where they want it. A lead that is assigned concerns its assignee alone, unless
/// it is new or its assignee is gone.
fn audience<'a>(notice: &Notice, people: &'a [Member]) -> Vec<(&'a Member, Choice)> {
    let active = people.iter().filter(|member| member.status == "active");
    let is_manager = |member: &&Member| matches!(member.role, Role::Owner | Role::Admin);
    let needed = match notice.kind {
        NotificationKind::MessageReceived => Permission::ConversationsRead,
        _ => Permission::LeadsRead,
    };
    let concerned: Vec<&Member> = if notice.kind.is_for_managers() {
        active.filter(is_manager).collect()
    } else {
        let all: Vec<&Member> = active.filter(|member| member.role.permissions().contains(&needed)).collect();
        let assignee = notice.lead.as_ref().and_then(|lead| lead.assigned_to);
        let own = all.iter().find(|member| Some(member.user_id) == assignee).copied();
        match own {
            Some(own) if notice.kind != NotificationKind::LeadCreated => vec![own],
            _ => all,
        }
    };
    let choice = |member: &'a Member| Choice::effective(&member.preferences.value(), notice.kind, member.role);
    concerned.into_iter().map(|member| (member, choice(member))).collect()
}

/// The outside addresses that are wished for: people's own, the tenant's recipients, and the business's phone when an owner
/// wants it. Only those that agreed are told.
fn outside(kind: NotificationKind, tenant: &Tenant, audience: &[(&Member, Choice)]) -> BTreeSet<(Channel, String)> {
    let wants_email = audience.iter().filter(|(_, choice)| choice.email);
    let mut addresses: BTreeSet<(Channel, String)> =
        wants_email.map(|(member, _)| (Channel::Email, member.email.to_lowercase())).collect();
    let recipients = &tenant.settings.notification_recipients;
    let phone =
        |raw: &str| Phone::parse(raw, Some(&tenant.country)).ok().map(|phone| (Channel::Whatsapp, phone.into_string()));
    if kind.leaves_the_product() {
        addresses.extend(recipients.emails.iter().map(|email| (Channel::Email, email.as_str().to_string())));
    }
    if kind == NotificationKind::LeadCreated {
        addresses.extend(recipients.whatsapp.iter().filter_map(|raw| phone(raw)));
    }
    if audience.iter().any(|(member, choice)| member.role == Role::Owner && choice.whatsapp) {
        addresses.extend(tenant.profile.phone.as_deref().and_then(phone));
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::UserId;
    use crate::tenants::model::{NotificationRecipients, Profile, Settings, TenantStatus};

    fn member(role: Role, email: &str, preferences: serde_json::Value) -> Member {
        let status = "active".to_string();
        Member {
            user_id: UserId::new(),
            email: email.into(),
            name: None,
            email_verified_at: None,
            role,
            status,
            preferences: Json::from(preferences),
        }
    }

    fn notice(kind: NotificationKind) -> Notice {
        Notice {
            kind,
            title: String::new(),
            body: String::new(),
            link: String::new(),
            lead: None,
            template_code: "account_alert",
            variables: Default::default(),
        }
    }

    fn tenant() -> Tenant {
        let at = "2026-11-20T09:00:00Z".parse().unwrap();
        let recipients = NotificationRecipients {
            emails: vec!["Sales@abc.example".parse().unwrap(), "owner@abc.example".parse().unwrap()],
            whatsapp: ["+91 98765 00001", "nonsense"].map(|typed| typed.parse().unwrap()).into(),
        };
        Tenant {
            id: crate::base::id::TenantId::new(),
            name: "ABC".into(),
            slug: "abc".into(),
            status: TenantStatus::Active,
            time_zone: chrono_tz::Asia::Kolkata,
            country: "IN".into(),
            currency: crate::base::money::Currency::INR,
            settings: Settings { notification_recipients: recipients, ..Default::default() },
            profile: Profile { phone: Some("98765 00000".into()), ..Default::default() },
            audience: Default::default(),
            agreed: Default::default(),
            onboarded_at: None,
            closes_at: None,
            erased_at: None,
            verified_at: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    #[test]
    fn each_outside_address_is_told_once_and_only_by_wish() {
        let quiet = json!({"lead_created": {"whatsapp": false, "email": true}});
        let people = [
            member(Role::Owner, "Owner@abc.example", json!({})),
            member(Role::Agent, "agent@abc.example", quiet.clone()),
            member(Role::Viewer, "viewer@abc.example", json!({})),
        ];
        let list = |people: &[Member], kind| {
            let audience = audience(&notice(kind), people);
            outside(kind, &tenant(), &audience).into_iter().map(|(_, address)| address).collect::<Vec<_>>()
        };
        let lead = NotificationKind::LeadCreated;
        assert_eq!(
            list(&people, lead),
            ["+919876500000", "+919876500001", "agent@abc.example", "owner@abc.example", "sales@abc.example"]
        );
        let silent = [member(Role::Owner, "owner@abc.example", quiet)];
        assert_eq!(list(&silent, lead), ["+919876500001", "owner@abc.example", "sales@abc.example"]);
        assert!(list(&people, NotificationKind::MessageReceived).is_empty());
        assert_eq!(list(&people, NotificationKind::QuotaReached), ["owner@abc.example", "sales@abc.example"]);
    }

    #[test]
    fn who_left_is_not_told_and_the_account_is_the_managers_affair() {
        let mut gone = member(Role::Admin, "gone@abc.example", json!({}));
        gone.status = "disabled".into();
        let people =
            [gone, member(Role::Admin, "a@abc.example", json!({})), member(Role::Agent, "b@abc.example", json!({}))];
        let emails = |kind| {
            audience(&notice(kind), &people).into_iter().map(|(member, _)| member.email.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(emails(NotificationKind::QuotaReached), ["a@abc.example"]);
        assert_eq!(emails(NotificationKind::LeadCreated), ["a@abc.example", "b@abc.example"]);
    }
}
