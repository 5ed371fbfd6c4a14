//! The gates before a message that nobody answers to: may it leave for this person now, on this channel, for what it is for? Pure;
//! [`super::eligibility`] loads the facts, for whoever asks beforehand and for whoever sends.
//!
//! Unlike in a conversation ([`super::gate::person`]) every gate answers, also the open ones, and says when it opens by itself.

use chrono_tz::Tz;

use super::gate::{self, Pass, Standing};
use super::quiet::Quiet;
use crate::base::time::Timestamp;
use crate::contacts::consents::{ConsentState, MessageClass};
use crate::contacts::id::ContactId;
use crate::contacts::{Channel, SuppressionReason};
use crate::tenants::model::{FrequencyCap, OutreachSettings};

crate::text_enum! {
    /// What is asked before a message leaves.
    pub enum Gate {
        /// The person has an address on the channel.
        Address = "address",
        /// The person was not marked invalid.
        Validity = "validity",
        /// The address wants messages at all, and takes them.
        Suppression = "suppression",
        /// The person agreed to what this message is for.
        Consent = "consent",
        /// It is no time of rest where the person is. Marketing alone.
        QuietHours = "quiet_hours",
        /// India takes promotional SMS now. Marketing alone.
        PromotionalHours = "promotional_hours",
        /// The person did not get enough of it lately. Marketing alone.
        FrequencyCap = "frequency_cap",
        /// There is a number or address that it leaves from.
        Sender = "sender",
        /// SMS goes there.
        Country = "country",
        /// The business' plan has the channel, and there is one.
        Plan = "plan",
        /// The business is verified, and not suspended.
        Account = "account",
    }
}

impl Gate {
    /// Closed for everybody whom the tenant writes to, and not for this person alone.
    pub const fn is_the_tenants(self) -> bool {
        matches!(self, Self::Sender | Self::Plan | Self::Account)
    }
}

crate::text_enum! {
    /// Why a gate is closed.
    pub enum GateCode {
        NoAddress = "no_address",
        ContactInvalid = "contact_invalid",
        Suppressed = "suppressed",
        /// Nobody recorded that the person agreed.
        NoConsent = "no_consent",
        /// The person took it back, or refused.
        ConsentWithdrawn = "consent_withdrawn",
        QuietHours = "quiet_hours",
        /// The person's country has no hour that is no rest anywhere in it: their own time zone is not known.
        NoCommonHours = "no_common_hours",
        PromotionalHours = "promotional_hours",
        FrequencyCap = "frequency_cap",
        /// Marketing on WhatsApp leaves from the tenant's own WhatsApp Business account alone, and none is connected.
        NoWhatsappAccount = "outreach.no_whatsapp_account",
        /// No sender is connected on the channel.
        NoSender = "channel.not_connected",
        CountryNotAllowed = "country_not_allowed",
        NoSubscription = "no_subscription",
        NotInPlan = "feature_not_in_plan",
        TenantSuspended = "tenant_suspended",
        TenantUnverified = "tenant_unverified",
    }
}

/// What is to be known of the tenant.
#[derive(Debug, Clone)]
pub struct TenantFacts {
    pub is_suspended: bool,
    pub is_verified: bool,
    pub standing: Standing,
    pub is_in_plan: bool,
    pub settings: OutreachSettings,
    /// There is a sender for this channel and class.
    pub has_sender: bool,
}

/// Why nothing is to be sent to an address, as far as the tenant may know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// `None` where it did not come of the tenant's own messages.
    pub reason: Option<SuppressionReason>,
    pub ends_at: Option<Timestamp>,
}

/// What is to be known of the person.
#[derive(Debug, Clone)]
pub struct OutreachFacts {
    pub contact: ContactId,
    pub channel: Channel,
    pub class: MessageClass,
    /// Where it would go.
    pub address: Option<String>,
    pub is_invalid: bool,
    pub stopped: Option<Stopped>,
    /// What stands for the class; of `service`, what stands for marketing where nothing does.
    pub consent: Option<ConsentState>,
    pub has_enquired: bool,
    pub is_country_allowed: bool,
    /// The clocks of wherever the person may be.
    pub zones: Vec<Tz>,
    /// Marketing messages of the days that the cap looks at, each day by its beginning.
    pub sent: Vec<(Timestamp, u32)>,
}

/// What a gate answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateAnswer {
    pub gate: Gate,
    /// `None`: it is open.
    pub code: Option<GateCode>,
    /// When it opens by itself, where it is closed and that is known.
    pub opens_at: Option<Timestamp>,
}

/// What every gate answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers(Vec<GateAnswer>);

impl Answers {
    pub fn all(&self) -> &[GateAnswer] {
        &self.0
    }

    /// Those that are closed.
    pub fn closed(&self) -> impl Iterator<Item = GateAnswer> {
        self.0.iter().copied().filter(|answer| answer.code.is_some())
    }

    pub fn is_open(&self) -> bool {
        self.closed().next().is_none()
    }

    /// When all are open by time alone; `None` where they are open, and where one never opens by itself.
    pub fn opens_at(&self) -> Option<Timestamp> {
        let opens: Option<Vec<Timestamp>> = self.closed().map(|answer| answer.opens_at).collect();
        opens?.into_iter().max()
    }

    /// The right to hand the message over.
    ///
    /// # Errors
    /// The answers themselves, when one is closed.
    pub fn pass(self) -> Result<Pass, Self> {
        gate::all_open(self.0.iter().map(|answer| answer.code.is_none())).ok_or(self)
    }
}

/// Asks every gate.
pub fn judge(tenant: &TenantFacts, facts: &OutreachFacts, now: Timestamp) -> Answers {
    let is_marketing = facts.class == MessageClass::Marketing;
    let open = |gate| GateAnswer { gate, code: None, opens_at: None };
    let closed_if = |gate, is_closed: bool, code| GateAnswer { code: is_closed.then_some(code), ..open(gate) };
    let only_marketing = |gate, ask: &dyn Fn() -> Option<(GateCode, Option<Timestamp>)>| {
        let found = if is_marketing { ask() } else { None };
        GateAnswer { gate, code: found.map(|(code, _)| code), opens_at: found.and_then(|(_, at)| at) }
    };
    let stopped = GateAnswer {
        code: facts.stopped.map(|_| GateCode::Suppressed),
        opens_at: facts.stopped.and_then(|stopped| stopped.ends_at),
        ..open(Gate::Suppression)
    };
    let settings = &tenant.settings;
    Answers(vec![
        closed_if(Gate::Address, facts.address.is_none(), GateCode::NoAddress),
        closed_if(Gate::Validity, facts.is_invalid, GateCode::ContactInvalid),
        stopped,
        GateAnswer { code: consent(facts, settings), ..open(Gate::Consent) },
        only_marketing(Gate::QuietHours, &|| {
            Some(match Quiet::from(&settings.quiet_hours).lasts(&facts.zones, now)? {
                Some(until) => (GateCode::QuietHours, Some(until)),
                None => (GateCode::NoCommonHours, None),
            })
        }),
        only_marketing(Gate::PromotionalHours, &|| {
            let is_asked = facts.channel == Channel::Sms && facts.address.as_deref().is_some_and(is_indian);
            let quiet = Quiet::outside(&settings.india_promotional_hours);
            is_asked
                .then(|| quiet.lasts(&[Tz::Asia__Kolkata], now))
                .flatten()
                .map(|at| (GateCode::PromotionalHours, at))
        }),
        only_marketing(Gate::FrequencyCap, &|| {
            opens_after(settings.frequency_cap, &facts.sent, now).map(|at| (GateCode::FrequencyCap, Some(at)))
        }),
        closed_if(Gate::Sender, !tenant.has_sender, no_sender(facts.channel, facts.class)),
        closed_if(Gate::Country, !facts.is_country_allowed, GateCode::CountryNotAllowed),
        GateAnswer { code: plan(tenant), ..open(Gate::Plan) },
        GateAnswer { code: account(tenant), ..open(Gate::Account) },
    ])
}

/// Nobody needs to agree to what they need for what they bought; to talk, who enquired has reason enough. To hear offers takes a yes,
/// or by e-mail a ground that the tenant declares; nothing outweighs a no.
fn consent(facts: &OutreachFacts, settings: &OutreachSettings) -> Option<GateCode> {
    let is_free = match facts.class {
        MessageClass::Transactional => return None,
        MessageClass::Service => facts.has_enquired,
        MessageClass::Marketing => facts.channel == Channel::Email && settings.email_lawful_basis.is_some(),
    };
    match facts.consent {
        Some(ConsentState::Granted) => None,
        Some(ConsentState::Withdrawn) => Some(GateCode::ConsentWithdrawn),
        None => (!is_free).then_some(GateCode::NoConsent),
    }
}

fn no_sender(channel: Channel, class: MessageClass) -> GateCode {
    let needs_own = channel == Channel::Whatsapp && class == MessageClass::Marketing;
    if needs_own { GateCode::NoWhatsappAccount } else { GateCode::NoSender }
}

fn plan(tenant: &TenantFacts) -> Option<GateCode> {
    if tenant.standing == Standing::NoPlan {
        return Some(GateCode::NoSubscription);
    }
    (!tenant.is_in_plan).then_some(GateCode::NotInPlan)
}

fn account(tenant: &TenantFacts) -> Option<GateCode> {
    if tenant.is_suspended {
        return Some(GateCode::TenantSuspended);
    }
    (!tenant.is_verified).then_some(GateCode::TenantUnverified)
}

fn is_indian(number: &str) -> bool {
    number.starts_with("+91")
}

const DAY: chrono::Duration = chrono::Duration::days(1);

/// When a person may get another one; `None`: now. A day counts until as many days as the cap looks at have begun after it.
fn opens_after(cap: FrequencyCap, sent: &[(Timestamp, u32)], now: Timestamp) -> Option<Timestamp> {
    let leaves = |day: Timestamp| day.plus(DAY * i32::try_from(cap.days).unwrap_or(i32::MAX));
    let mut counted: Vec<(Timestamp, u32)> = sent.iter().copied().filter(|(day, _)| leaves(*day) > now).collect();
    counted.sort_unstable();
    let mut left: u32 = counted.iter().map(|(_, count)| count).sum();
    if left < cap.messages {
        return None;
    }
    counted.into_iter().find_map(|(day, count)| {
        left -= count;
        (left < cap.messages).then(|| leaves(day))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenants::model::LawfulBasis;

    /// 14:30 in India.
    const NOON: &str = "2026-11-20T09:00:00Z";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn tenant() -> TenantFacts {
        TenantFacts {
            is_suspended: false,
            is_verified: true,
            standing: Standing::Trial,
            is_in_plan: true,
            settings: OutreachSettings::default(),
            has_sender: true,
        }
    }

    fn person(channel: Channel, class: MessageClass) -> OutreachFacts {
        let address = if channel == Channel::Email { "asha@example.com" } else { "+919876543210" };
        OutreachFacts {
            contact: ContactId::new(),
            channel,
            class,
            address: Some(address.into()),
            is_invalid: false,
            stopped: None,
            consent: Some(ConsentState::Granted),
            has_enquired: false,
            is_country_allowed: true,
            zones: vec![Tz::Asia__Kolkata],
            sent: Vec::new(),
        }
    }

    fn closed(tenant: &TenantFacts, facts: &OutreachFacts, now: &str) -> Vec<(Gate, GateCode, Option<Timestamp>)> {
        let answers = judge(tenant, facts, at(now));
        let found = answers.closed().filter_map(|answer| Some((answer.gate, answer.code?, answer.opens_at))).collect();
        assert_eq!(answers.all().len(), Gate::ALL.len(), "every gate answers");
        assert_eq!(answers.is_open(), answers.clone().pass().is_ok());
        found
    }

    #[test]
    fn each_gate_closes_by_its_own_fact() {
        use {Channel as Ch, Gate as G, GateCode as C, MessageClass as M};
        for channel in [Ch::Whatsapp, Ch::Sms, Ch::Email] {
            for class in M::ALL {
                assert_eq!(closed(&tenant(), &person(channel, *class), NOON), [], "{channel} {class}");
            }
        }
        let free = || person(Ch::Sms, M::Marketing);
        let until = Some(at("2027-01-01T00:00:00Z"));
        let bounced = Stopped { reason: Some(SuppressionReason::Bounced), ends_at: until };
        for (facts, gate, code, opens_at) in [
            (OutreachFacts { address: None, ..free() }, G::Address, C::NoAddress, None),
            (OutreachFacts { is_invalid: true, ..free() }, G::Validity, C::ContactInvalid, None),
            (OutreachFacts { stopped: Some(bounced), ..free() }, G::Suppression, C::Suppressed, until),
            (OutreachFacts { consent: None, ..free() }, G::Consent, C::NoConsent, None),
            (OutreachFacts { consent: Some(ConsentState::Withdrawn), ..free() }, G::Consent, C::ConsentWithdrawn, None),
            (OutreachFacts { is_country_allowed: false, ..free() }, G::Country, C::CountryNotAllowed, None),
        ] {
            assert_eq!(closed(&tenant(), &facts, NOON), [(gate, code, opens_at)]);
        }
        for (tenant, gate, code) in [
            (TenantFacts { has_sender: false, ..tenant() }, G::Sender, C::NoSender),
            (TenantFacts { is_in_plan: false, ..tenant() }, G::Plan, C::NotInPlan),
            (TenantFacts { standing: Standing::NoPlan, ..tenant() }, G::Plan, C::NoSubscription),
            (TenantFacts { is_suspended: true, ..tenant() }, G::Account, C::TenantSuspended),
            (TenantFacts { is_verified: false, ..tenant() }, G::Account, C::TenantUnverified),
        ] {
            assert_eq!(closed(&tenant, &free(), NOON), [(gate, code, None)]);
            assert!(gate.is_the_tenants());
        }
        let without = TenantFacts { has_sender: false, ..tenant() };
        for (class, code) in [(M::Marketing, C::NoWhatsappAccount), (M::Service, C::NoSender)] {
            assert_eq!(closed(&without, &person(Ch::Whatsapp, class), NOON), [(G::Sender, code, None)]);
        }
    }

    #[test]
    fn a_yes_is_needed_to_advertise_and_a_declared_ground_is_for_mail_alone() {
        use {Channel as Ch, GateCode as C, MessageClass as M};
        let declared = |basis| TenantFacts {
            settings: OutreachSettings { email_lawful_basis: basis, ..OutreachSettings::default() },
            ..tenant()
        };
        let code = |channel, class, consent, has_enquired, basis: Option<LawfulBasis>| {
            let facts = OutreachFacts { consent, has_enquired, ..person(channel, class) };
            closed(&declared(basis), &facts, NOON).first().map(|(_, code, _)| *code)
        };
        let (basis, no) = (Some(LawfulBasis::ExistingCustomer), Some(ConsentState::Withdrawn));
        for channel in [Ch::Whatsapp, Ch::Sms, Ch::Email] {
            let is_mail = channel == Ch::Email;
            assert_eq!(
                code(channel, M::Marketing, None, true, None),
                Some(C::NoConsent),
                "an enquiry is no yes to offers"
            );
            assert_eq!(
                code(channel, M::Marketing, None, false, basis),
                (!is_mail).then_some(C::NoConsent),
                "{channel}"
            );
            assert_eq!(code(channel, M::Marketing, no, false, basis), Some(C::ConsentWithdrawn));
            assert_eq!(code(channel, M::Service, None, false, basis), Some(C::NoConsent));
            assert_eq!(code(channel, M::Service, None, true, None), None);
            assert_eq!(code(channel, M::Service, no, true, None), Some(C::ConsentWithdrawn));
            assert_eq!(code(channel, M::Transactional, no, false, None), None);
        }
    }

    #[test]
    fn offers_alone_wait_for_their_hour() {
        use {Channel as Ch, Gate as G, GateCode as C, MessageClass as M};
        // 09:30 in India: the night is over, and promotional SMS begins at 10:00.
        let morning = "2026-11-20T04:00:00Z";
        let ten = Some(at("2026-11-20T04:30:00Z"));
        assert_eq!(closed(&tenant(), &person(Ch::Whatsapp, M::Marketing), morning), []);
        let sms = person(Ch::Sms, M::Marketing);
        assert_eq!(closed(&tenant(), &sms, morning), [(G::PromotionalHours, C::PromotionalHours, ten)]);
        let abroad = OutreachFacts { address: Some("+971501234567".into()), ..sms.clone() };
        assert_eq!(closed(&tenant(), &abroad, morning), []);
        let night = "2026-11-20T20:00:00Z";
        let nine = Some(at("2026-11-21T03:30:00Z"));
        assert_eq!(closed(&tenant(), &person(Ch::Email, M::Marketing), night), [(G::QuietHours, C::QuietHours, nine)]);
        assert_eq!(closed(&tenant(), &person(Ch::Email, M::Service), night), []);
        let answers = judge(&tenant(), &sms, at(night));
        assert_eq!(answers.opens_at(), Some(at("2026-11-21T04:30:00Z")), "when both are open");
        let never = OutreachFacts { consent: None, ..sms };
        assert_eq!(judge(&tenant(), &never, at(night)).opens_at(), None);
        let everywhere = OutreachFacts {
            zones: vec![Tz::Pacific__Kiritimati, Tz::Atlantic__Azores],
            ..person(Ch::Email, M::Marketing)
        };
        let mut busy = tenant();
        busy.settings.quiet_hours = serde_json::from_str(r#"{"starts": "12:00", "ends": "11:00"}"#).unwrap();
        assert_eq!(closed(&busy, &everywhere, night), [(G::QuietHours, C::NoCommonHours, None)]);
    }

    #[test]
    fn a_person_gets_so_many_in_so_many_days() {
        let cap = FrequencyCap { messages: 3, days: 7 };
        let day = |text: &str, count: u32| (at(&format!("2026-11-{text}T00:00:00Z")), count);
        let now = at(NOON);
        assert_eq!(opens_after(cap, &[], now), None);
        assert_eq!(opens_after(cap, &[day("20", 2)], now), None);
        assert_eq!(
            opens_after(cap, &[day("18", 1), day("14", 1), day("20", 1)], now),
            Some(at("2026-11-21T00:00:00Z"))
        );
        assert_eq!(opens_after(cap, &[day("13", 5), day("20", 2)], now), None, "seven days ago is long ago");
        assert_eq!(opens_after(cap, &[day("14", 1), day("18", 4)], now), Some(at("2026-11-25T00:00:00Z")));
        let facts = OutreachFacts { sent: vec![day("20", 4)], ..person(Channel::Email, MessageClass::Marketing) };
        let found = closed(&tenant(), &facts, NOON);
        assert_eq!(found, [(Gate::FrequencyCap, GateCode::FrequencyCap, Some(at("2026-11-27T00:00:00Z")))]);
        let talk = OutreachFacts { class: MessageClass::Service, ..facts };
        assert_eq!(closed(&tenant(), &talk, NOON), []);
    }
}
