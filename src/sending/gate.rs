//! The decision: may this leave now, and if not, why and until when. Pure; whoever asks brings stored facts.
//!
//! Three natures of reasons. *Lasting* ones refuse: the person said STOP, the lead is under lock, the window is closed, the
//! country is not allowed, nothing ties the person to the tenant. *Passing* ones hold: the tenant is suspended, has no verified
//! address or no subscription yet, and the message leaves by itself when that ends, within [`HELD_HOURS`]. *Caps* refuse whoever asks
//! now, and let wait what is on its way already.

use super::reason::WriteReason;
use crate::base::time::Timestamp;
use crate::contacts::Channel;

/// A message waits for so long at most; then it is canceled, since nobody expects it any more.
pub const HELD_HOURS: i64 = 24;

crate::text_enum! {
    /// Why something does not leave.
    pub enum Code {
        /// Operators suspended the tenant.
        TenantSuspended = "tenant_suspended",
        /// No owner of the tenant has shown yet that their mailbox is theirs.
        TenantUnverified = "tenant_unverified",
        /// The tenant never had a subscription.
        NoSubscription = "no_subscription",
        /// The address has not agreed yet to be written to.
        AddressUnconfirmed = "address_unconfirmed",
        LeadLocked = "lead_locked",
        /// The person does not want it.
        Suppressed = "suppressed",
        /// Free text outside of WhatsApp's window.
        WindowClosed = "window_closed",
        /// SMS does not go there.
        CountryNotAllowed = "country_not_allowed",
        /// Nothing ties the person to the tenant.
        NoReason = "no_reason",
        /// The person has been written to often enough without answering.
        PersonLimit = "person_limit",
        /// The tenant has written to as many people today as it may.
        TenantLimit = "tenant_limit",
    }
}

/// What a reason does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    Lasting,
    Passing,
    Cap,
}

impl Code {
    pub const fn nature(self) -> Nature {
        match self {
            Self::TenantSuspended | Self::TenantUnverified | Self::NoSubscription | Self::AddressUnconfirmed => {
                Nature::Passing
            }
            Self::PersonLimit | Self::TenantLimit => Nature::Cap,
            Self::LeadLocked | Self::Suppressed | Self::WindowClosed | Self::CountryNotAllowed | Self::NoReason => {
                Nature::Lasting
            }
        }
    }
}

/// One reason, and when it ends where that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Obstacle {
    pub code: Code,
    pub opens_at: Option<Timestamp>,
}

/// A plan, as far as sending is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Never had a subscription.
    NoPlan,
    Trial,
    Paying {
        since: Timestamp,
    },
    /// Had one, and it is over or paused.
    Lapsed,
}

/// What is to be known before a person is written to.
#[derive(Debug, Clone, Copy)]
pub struct PersonFacts {
    pub channel: Channel,
    pub is_tenant_suspended: bool,
    pub is_tenant_verified: bool,
    pub standing: Standing,
    pub is_locked: bool,
    pub is_suppressed: bool,
    pub is_template: bool,
    /// Always, on channels without one.
    pub is_window_open: bool,
    pub is_country_allowed: bool,
    pub reason: Option<WriteReason>,
    /// When the person may be written to again, if it was too often.
    pub person_opens_at: Option<Timestamp>,
    /// When the tenant may write to further people, if this were one too many.
    pub tenant_opens_at: Option<Timestamp>,
}

/// What the platform itself has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// An alert to one of the tenant's people or recipients.
    Alert,
    /// An invitation to a tenant.
    Invitation,
    /// Asks a recipient of alerts whether it agrees.
    RecipientAsked,
    /// Asks whoever signed up whether the mailbox is theirs; it is what verifies a tenant.
    Proof,
    /// Tells the platform's own staff; nothing about it is a tenant's.
    Staff,
}

/// What is to be known before the platform writes for a tenant.
#[derive(Debug, Clone, Copy)]
pub struct NoticeFacts {
    pub notice: Notice,
    pub is_tenant_suspended: bool,
    pub is_tenant_verified: bool,
    pub standing: Standing,
    pub is_suppressed: bool,
    /// The address said itself that it wants alerts, or is a member's own and verified.
    pub has_agreed: bool,
}

/// The right to ask a provider to take something; only a verdict without obstacles has one.
#[derive(Debug)]
pub struct Pass(());

/// Everything that stands in the way; nothing: it may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub reason: Option<WriteReason>,
    pub obstacles: Vec<Obstacle>,
}

impl Verdict {
    /// # Errors
    /// The verdict itself, when something stands in the way.
    pub fn pass(self) -> Result<Pass, Self> {
        if self.obstacles.is_empty() { Ok(Pass(())) } else { Err(self) }
    }

    /// The first lasting reason.
    pub fn refusal(&self) -> Option<Obstacle> {
        self.of(Nature::Lasting).next()
    }

    /// What it waits for.
    pub fn holds(&self) -> Vec<Code> {
        self.of(Nature::Passing).map(|obstacle| obstacle.code).collect()
    }

    /// The first cap that is reached.
    pub fn cap(&self) -> Option<Obstacle> {
        self.of(Nature::Cap).next()
    }

    fn of(&self, nature: Nature) -> impl Iterator<Item = Obstacle> {
        self.obstacles.iter().copied().filter(move |obstacle| obstacle.code.nature() == nature)
    }
}

/// The pass of a message whose gates are asked elsewhere in this folder: where every one of them is open.
pub(super) fn all_open(are_open: impl IntoIterator<Item = bool>) -> Option<Pass> {
    are_open.into_iter().all(|is_open| is_open).then_some(Pass(()))
}

fn obstacles(candidates: impl IntoIterator<Item = (bool, Code, Option<Timestamp>)>) -> Vec<Obstacle> {
    let stands =
        |(is_met, code, opens_at): (bool, Code, Option<Timestamp>)| is_met.then_some(Obstacle { code, opens_at });
    candidates.into_iter().filter_map(stands).collect()
}

/// May a person be written to?
pub fn person(facts: &PersonFacts) -> Verdict {
    let has_no_plan = facts.standing == Standing::NoPlan;
    let found = obstacles([
        // A lead is under lock because there is no plan: then that is what it waits for.
        (facts.is_locked && !has_no_plan, Code::LeadLocked, None),
        (!facts.is_country_allowed, Code::CountryNotAllowed, None),
        (facts.is_suppressed, Code::Suppressed, None),
        (facts.reason.is_none(), Code::NoReason, None),
        (!facts.is_template && !facts.is_window_open, Code::WindowClosed, None),
        (facts.is_tenant_suspended, Code::TenantSuspended, None),
        (!facts.is_tenant_verified, Code::TenantUnverified, None),
        (has_no_plan, Code::NoSubscription, None),
        (facts.person_opens_at.is_some(), Code::PersonLimit, facts.person_opens_at),
        (facts.tenant_opens_at.is_some(), Code::TenantLimit, facts.tenant_opens_at),
    ]);
    Verdict { reason: facts.reason, obstacles: found }
}

/// May the platform write to somebody for a tenant?
pub fn notice(facts: &NoticeFacts) -> Verdict {
    let needs_verified = !matches!(facts.notice, Notice::Proof | Notice::Staff);
    let needs_plan = facts.notice == Notice::RecipientAsked;
    let needs_consent = facts.notice == Notice::Alert;
    let found = obstacles([
        (facts.is_suppressed, Code::Suppressed, None),
        (needs_verified && facts.is_tenant_suspended, Code::TenantSuspended, None),
        (needs_consent && !facts.has_agreed, Code::AddressUnconfirmed, None),
        (needs_verified && !needs_consent && !facts.is_tenant_verified, Code::TenantUnverified, None),
        (needs_plan && facts.standing == Standing::NoPlan, Code::NoSubscription, None),
    ]);
    Verdict { reason: Some(WriteReason::Transaction), obstacles: found }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free() -> PersonFacts {
        PersonFacts {
            channel: Channel::Whatsapp,
            is_tenant_suspended: false,
            is_tenant_verified: true,
            standing: Standing::Trial,
            is_locked: false,
            is_suppressed: false,
            is_template: true,
            is_window_open: false,
            is_country_allowed: true,
            reason: Some(WriteReason::Enquiry),
            person_opens_at: None,
            tenant_opens_at: None,
        }
    }

    fn codes(facts: PersonFacts) -> Vec<Code> {
        person(&facts).obstacles.into_iter().map(|obstacle| obstacle.code).collect()
    }

    #[test]
    fn every_reason_is_told_at_once() {
        let later = "2026-11-21T00:00:00Z".parse().ok();
        assert!(person(&free()).pass().is_ok());
        let all = PersonFacts {
            is_tenant_verified: false,
            is_locked: true,
            is_suppressed: true,
            is_template: false,
            is_country_allowed: false,
            reason: None,
            person_opens_at: later,
            tenant_opens_at: later,
            ..free()
        };
        use Code as C;
        assert_eq!(
            codes(all),
            [
                C::LeadLocked,
                C::CountryNotAllowed,
                C::Suppressed,
                C::NoReason,
                C::WindowClosed,
                C::TenantUnverified,
                C::PersonLimit,
                C::TenantLimit
            ]
        );
        let verdict = person(&all);
        assert_eq!(verdict.refusal().map(|found| found.code), Some(C::LeadLocked));
        assert_eq!((verdict.holds(), verdict.cap().and_then(|cap| cap.opens_at)), (vec![C::TenantUnverified], later));
        assert!(verdict.pass().is_err());
    }

    #[test]
    fn without_a_plan_the_plan_is_what_a_locked_lead_waits_for() {
        let held = PersonFacts { standing: Standing::NoPlan, is_locked: true, ..free() };
        assert_eq!(codes(held), [Code::NoSubscription]);
        assert_eq!(codes(PersonFacts { is_locked: true, standing: Standing::Lapsed, ..free() }), [Code::LeadLocked]);
    }

    #[test]
    fn nothing_leaves_for_who_is_suspended_but_the_proof_of_a_mailbox() {
        let verdict = person(&PersonFacts { is_tenant_suspended: true, ..free() });
        assert_eq!((verdict.refusal(), verdict.holds()), (None, vec![Code::TenantSuspended]));
        let facts = |notice| NoticeFacts {
            notice,
            is_tenant_suspended: true,
            is_tenant_verified: true,
            standing: Standing::Trial,
            is_suppressed: false,
            has_agreed: true,
        };
        for held in [Notice::Alert, Notice::Invitation, Notice::RecipientAsked] {
            assert_eq!(notice(&facts(held)).holds(), [Code::TenantSuspended]);
        }
        assert!(notice(&facts(Notice::Proof)).pass().is_ok());
    }

    #[test]
    fn an_alert_needs_consent_and_a_proof_needs_nothing() {
        let facts = |notice| NoticeFacts {
            notice,
            is_tenant_suspended: false,
            is_tenant_verified: false,
            standing: Standing::NoPlan,
            is_suppressed: false,
            has_agreed: false,
        };
        assert!(notice(&facts(Notice::Proof)).pass().is_ok());
        assert_eq!(notice(&facts(Notice::Invitation)).holds(), [Code::TenantUnverified]);
        assert_eq!(notice(&facts(Notice::RecipientAsked)).holds(), [Code::TenantUnverified, Code::NoSubscription]);
        assert_eq!(notice(&facts(Notice::Alert)).holds(), [Code::AddressUnconfirmed]);
        assert!(notice(&NoticeFacts { has_agreed: true, ..facts(Notice::Alert) }).pass().is_ok());
    }
}
