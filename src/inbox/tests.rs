//! The inbox against a real database: who gets an answer, and that every order of events ends the same.

use std::sync::Arc;

use diesel::prelude::*;
use serde_json::json;

use super::facts::{ConversationFact, MessageFact};
use super::follow;
use super::leave::{self, Leaving};
use super::model::{Channel, ConversationStatus, Direction, MessageStatus, MessageType};
use super::open::{self, LeadOpening};
use super::receive::{Inbound, InboundOutcome, from_provider};
use super::status;
use super::store::conversations;
use super::store::messages::{self, Message};
use crate::base::Error;
use crate::base::crypto::MasterKey;
use crate::base::id::{JobId, TenantId};
use crate::base::json::Json;
use crate::base::time::Timestamp;
use crate::billing;
use crate::billing::books::Books;
use crate::billing::subscription::{self, CreateSubscription};
use crate::contacts::consent;
use crate::contacts::id::LeadId;
use crate::engine::CoreSettings;
use crate::engine::db::Direction::Asc;
use crate::engine::db::schema::events;
use crate::engine::db::testing::{OnDatabase, on_both_engines};
use crate::engine::db::{Db, PageRequest, PlatformTx, TenantTx};
use crate::engine::events::EventType;
use crate::engine::jobs::Job;
use crate::inbox::id::ConversationId;
use crate::leads::for_intake::{self as store, Lead};
use crate::leads::testing::rajesh;
use crate::providers::{ErrorClass, ProviderError};
use crate::sending::dispatch::{Outgoing, Platform, Start, begin};
use crate::sending::senders;
use crate::sending::status::StatusUpdate;
use crate::tenants::testing::House;

const NUMBER: &str = "+14155238886";
const PERSON: &str = "+919876543210";

fn settings() -> CoreSettings {
    CoreSettings {
        public_url: "https://lw.example".into(),
        app_url: "https://lw.example".into(),
        platform_name: "LeadGen Pro".into(),
        privacy_policy_url: None,
        passkey_domain: None,
        passkey_origins: Vec::new(),
        send_rates: crate::engine::SendRates::default(),
        sms_countries: Vec::new(),
        email_from: "leads@lw.example".into(),
        rate_limit: false,
    }
}

fn platform() -> Platform {
    Platform { settings: Arc::new(settings()), key: MasterKey::random() }
}

fn said(external_id: &str, content: &str, received_at: Timestamp) -> Inbound {
    Inbound {
        channel: Channel::Whatsapp,
        provider: "twilio",
        external_id: external_id.into(),
        sender_address: NUMBER.into(),
        person_address: PERSON.into(),
        profile_name: Some("Rajesh".into()),
        content: content.into(),
        details: serde_json::json!({}),
        replied_to: None,
        attachments: json!([]),
        opt_out: None,
        received_at,
    }
}

/// A house whose tenants write from the platform's WhatsApp number.
struct Stage(House);

impl OnDatabase for Stage {
    async fn on(db: Db) -> Self {
        let stage = Self(House::on(db).await);
        let seed = |tx: &mut PlatformTx<'_>| {
            billing::plans::seed(tx)?;
            senders::ensure_platform(tx, Channel::Whatsapp, "twilio", NUMBER, None)
        };
        stage.platform(seed).await;
        stage
    }
}

impl std::ops::Deref for Stage {
    type Target = House;
    fn deref(&self) -> &House {
        &self.0
    }
}

impl Stage {
    /// A tenant with one lead and its WhatsApp conversation.
    async fn with_lead(&self, name: &'static str) -> (TenantId, LeadId, ConversationId) {
        let (tenant, now) = (self.tenant(name).await, self.clock.now());
        let arrive = |tx: &mut TenantTx<'_>| {
            let trial = CreateSubscription {
                plan_code: "growth".parse().unwrap(),
                overage_policy: None,
                billing_interval: None,
            };
            subscription::start(&mut Books::open(tx)?, trial, &MasterKey::random())?;
            let lead = Lead { phone: Some(PERSON.into()), ..rajesh(tx) };
            store::insert(tx, &lead)?;
            Ok(lead.id)
        };
        let lead = self.within(tenant, arrive).await;
        let opening = LeadOpening {
            lead_id: lead,
            name: "Rajesh Kumar".into(),
            phone: Some(PERSON.into()),
            email: Some("rajesh@example.com".into()),
            form_responses: json!({"budget": "₹80L-1Cr"}).as_object().unwrap().clone(),
            received_at: now,
        };
        let conversation = self.within(tenant, move |tx| open::for_lead(tx, &opening)).await;
        (tenant, lead, conversation)
    }

    /// A template that a person of the tenant asked to send, as `send::queue` leaves it.
    async fn queued(
        &self,
        (tenant, lead, conversation): (TenantId, LeadId, ConversationId),
        template: bool,
    ) -> Message {
        let now = self.clock.now();
        let message = Message {
            direction: Direction::Outbound,
            message_type: if template { MessageType::Template } else { MessageType::Text },
            template_code: template.then(|| "first_contact".to_string()),
            template_variables: template.then(|| Json::from(json!({"1": "Rajesh"}))),
            content: "Hi Rajesh".into(),
            from_address: Some(NUMBER.into()),
            to_address: Some(PERSON.into()),
            status: MessageStatus::Queued,
            ..Message::new(tenant, conversation, lead, Channel::Whatsapp, now)
        };
        let stored = message.clone();
        self.within(tenant, move |tx| messages::insert(tx, &stored)).await;
        message
    }

    /// Lets it leave as the job does, with a provider that takes it at once.
    async fn sent(&self, of: (TenantId, LeadId, ConversationId), external_id: &'static str) -> Message {
        let message = self.queued(of, true).await;
        let id = message.id;
        assert!(matches!(
            self.within(of.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await,
            Start::Parcel(..)
        ));
        self.within(of.0, move |tx| Leaving { id }.accepted(tx, "twilio", external_id, MessageStatus::Sent)).await;
        self.message(&message).await
    }

    async fn message(&self, of: &Message) -> Message {
        let id = of.id;
        self.within(of.tenant_id, move |tx| messages::find(tx, id)).await.expect("it is there")
    }

    async fn inbound(&self, external_id: &str, content: &str) -> InboundOutcome {
        self.inbound_at(external_id, content, self.clock.now()).await
    }

    async fn inbound_at(&self, external_id: &str, content: &str, received_at: Timestamp) -> InboundOutcome {
        let inbound = said(external_id, content, received_at);
        self.platform(move |tx| from_provider(tx, &inbound)).await
    }

    /// It is stored after its transaction has waited this long for another one.
    async fn inbound_after(&self, wait: chrono::Duration, inbound: Inbound) -> InboundOutcome {
        let clock = self.clock.clone();
        let waits = move |tx: &mut PlatformTx<'_>| {
            clock.advance(wait);
            from_provider(tx, &inbound)
        };
        self.platform(waits).await
    }

    async fn report(&self, of: &Message, external_id: &str, status: MessageStatus) -> bool {
        let update = StatusUpdate {
            provider: "twilio",
            external_id: external_id.into(),
            tenant_hint: Some(of.tenant_id),
            message_hint: Some(of.id),
            status,
            error_class: None,
            error_code: None,
            error_message: None,
            at: self.clock.now(),
        };
        self.platform(move |tx| status::apply(tx, update)).await
    }

    async fn count(&self, tenant: TenantId, kind: EventType) -> i64 {
        self.within(tenant, move |tx| {
            let mine = events::table.filter(events::tenant_id.eq(tenant).and(events::kind.eq(kind)));
            Ok(mine.count().get_result(tx.conn())?)
        })
        .await
    }
}

fn landed(outcome: &InboundOutcome) -> (TenantId, ConversationId) {
    match outcome {
        InboundOutcome::Delivered { tenant, conversation, .. } => (*tenant, *conversation),
        other => panic!("expected a delivery, not {other:?}"),
    }
}

on_both_engines! {
    async fn a_message_whose_job_dies_ends_by_where_it_stood(stage: Stage) {
        let of = stage.with_lead("ABC Real Estate").await;
        let (waiting, leaving) = (stage.queued(of, true).await, stage.queued(of, true).await);
        let sent = stage.sent(of, "SM1").await;
        let id = leaving.id;
        stage.within(of.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await;
        let ends = [
            (&waiting, MessageStatus::Failed, Some("retry")),
            (&leaving, MessageStatus::Unknown, Some("ambiguous")),
            (&sent, MessageStatus::Sent, None),
        ];
        for (message, status, class) in ends {
            let job = Job {
                id: JobId::new(),
                tenant: of.0,
                kind: "message.send".into(),
                payload: json!({"message_id": message.id}),
                attempt: 10,
                max_attempts: 10,
                created_at: message.created_at,
                cause: Default::default(),
                worker: "w_test".into(),
            };
            let died = Error::unavailable("job.timeout", "the run took too long");
            stage.platform(move |tx| leave::close(tx, &job, &died)).await;
            let now = stage.message(message).await;
            assert_eq!((now.status, now.error_class.as_deref()), (status, class));
        }
        assert_eq!(stage.count(of.0, MessageFact::FAILED).await, 2);
    }

    async fn a_conversation_reads_in_the_order_in_which_it_was_written(stage: Stage) {
        let acme = stage.with_lead("acme").await;
        let (tenant, _, conversation) = acme;
        stage.clock.advance(chrono::Duration::minutes(1));
        stage.sent(acme, "SMa").await;
        let first_told_at = stage.clock.now();
        stage.clock.advance(chrono::Duration::seconds(2));
        // The first one's try failed, so it is stored after the second one.
        stage.inbound("SM2", "2: tomorrow").await;
        stage.inbound_at("SM1", "1: not today", first_told_at).await;
        let shown = stage.within(tenant, move |tx| conversations::get(tx, conversation)).await;
        assert_eq!(shown.last_message_preview.as_deref(), Some("2: tomorrow"));
        assert_eq!(shown.last_inbound_at, Some(stage.clock.now()));
        // The clock is set back: what is said next still comes next.
        stage.clock.advance(chrono::Duration::minutes(-30));
        stage.inbound("SM3", "3: at noon").await;
        stage.inbound("SM4", "4: bring cake").await;
        let listed = stage.within(tenant, move |tx| messages::list(tx, conversation, Asc, &PageRequest::first(50))).await.data;
        let said: Vec<&str> = listed.iter().filter_map(|message| message.content.split(": ").next()).collect();
        assert_eq!(said[said.len() - 4..], ["1", "2", "3", "4"]);
    }

    async fn a_message_that_waited_for_a_lock_keeps_its_place(stage: Stage) {
        let acme = stage.with_lead("acme").await;
        let (tenant, _, conversation) = acme;
        stage.sent(acme, "SMa").await;
        let told_at = stage.clock.now();
        // While the first one's transaction waits, the second is told and stored, and then we answer.
        let later = |seconds: i64| told_at.plus(chrono::Duration::seconds(seconds));
        stage.inbound_at("SM2", "2: tomorrow", later(2)).await;
        stage.inbound_after(chrono::Duration::seconds(4), said("SM1", "1: not today", later(1))).await;
        let listed = stage.within(tenant, move |tx| messages::list(tx, conversation, Asc, &PageRequest::first(50))).await.data;
        let said: Vec<&str> = listed.iter().filter_map(|message| message.content.split(": ").next()).collect();
        assert_eq!(said[said.len() - 2..], ["1", "2"]);
    }

    async fn an_answer_on_a_shared_number_stays_in_the_conversation_it_continues(stage: Stage) {
        let (acme, other) = (stage.with_lead("acme").await, stage.with_lead("other").await);
        assert!(matches!(stage.inbound("SM0", "hello?").await, InboundOutcome::Unknown), "nobody has this number");

        stage.sent(other, "SMb").await;
        assert_eq!(landed(&stage.inbound("SM1", "Yes!").await), (other.0, other.2));
        stage.clock.advance(chrono::Duration::hours(1));
        stage.sent(acme, "SMa").await;
        assert_eq!(landed(&stage.inbound("SM2", "And you?").await), (other.0, other.2), "whoever wrote last");
        assert!(matches!(stage.inbound("SM2", "And you?").await, InboundOutcome::Duplicate));
        stage.clock.advance(chrono::Duration::hours(24));
        stage.sent(acme, "SMc").await;
        let InboundOutcome::Unclear(candidates) = stage.inbound("SM3", "Fine").await else { panic!("unclear by now") };
        assert_eq!(candidates, [other.0, acme.0]);
        assert_eq!(stage.count(acme.0, MessageFact::RECEIVED).await, 0);

        let conversation = stage.within(other.0, move |tx| conversations::get(tx, other.2)).await;
        assert_eq!((conversation.unread_count, conversation.message_count), (2, 3), "the form's answers are not unread");
        assert_eq!(conversation.window_expires_at.unwrap().to_string(), "2026-11-21T10:00:00Z");
        assert_eq!(conversation.last_message_preview.as_deref(), Some("And you?"));
        assert_eq!(stage.count(other.0, MessageFact::RECEIVED).await, 2);
    }

    async fn stop_on_a_shared_number_holds_for_all_that_wrote_until_start(stage: Stage) {
        let (acme, other) = (stage.with_lead("acme").await, stage.with_lead("other").await);
        stage.sent(acme, "SMa").await;
        stage.sent(other, "SMo").await;
        stage.inbound("SM1", "Stop").await;
        let message = stage.queued(other, true).await;
        let id = message.id;
        let start = stage.within(other.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await;
        assert!(matches!(start, Start::Never), "{start:?}");
        let refused = stage.message(&message).await;
        assert_eq!(
            (refused.status, refused.error_code.as_deref()),
            (MessageStatus::Suppressed, Some("conversation.suppressed"))
        );
        assert_eq!(stage.count(other.0, MessageFact::FAILED).await, 1);

        stage.inbound("SM2", "START").await;
        assert!(!stage.platform(move |tx| consent::is_suppressed(tx, Channel::Whatsapp, PERSON, NUMBER, other.0)).await);
        stage.sent(other, "SMb").await;
    }

    async fn free_text_leaves_only_inside_the_window(stage: Stage) {
        let acme = stage.with_lead("acme").await;
        stage.sent(acme, "SMa").await;
        let early = stage.queued(acme, false).await.id;
        stage.inbound("SM1", "Hi").await;
        assert!(matches!(stage.within(acme.0, move |tx| begin(tx, &Leaving { id: early }, None, &platform())).await, Start::Parcel(..)));
        let late = stage.queued(acme, false).await;
        stage.clock.advance(chrono::Duration::hours(24));
        let id = late.id;
        let start = stage.within(acme.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await;
        assert!(matches!(start, Start::Never), "{start:?}");
        let refused = stage.message(&late).await;
        assert_eq!((refused.status, refused.error_class.as_deref()), (MessageStatus::Failed, Some("window")));
    }

    async fn a_receipt_may_overtake_our_own_record(stage: Stage) {
        let acme = stage.with_lead("acme").await;
        let message = stage.queued(acme, true).await;
        let id = message.id;
        stage.within(acme.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await;
        let again = stage.within(acme.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await;
        assert!(matches!(again, Start::Open), "who comes second asks the provider first: {again:?}");
        let began = stage.message(&message).await.attempted_at.expect("begun");
        let other = began.minus(chrono::Duration::seconds(1));
        let older = stage.within(acme.0, move |tx| begin(tx, &Leaving { id }, Some(other), &platform())).await;
        assert!(matches!(older, Start::Open), "what was decided of an older attempt is not of this one: {older:?}");
        assert!(stage.report(&message, "SMx", MessageStatus::Delivered).await);
        let decided = stage.within(acme.0, move |tx| begin(tx, &Leaving { id }, Some(began), &platform())).await;
        assert!(matches!(decided, Start::Over(_)), "told meanwhile that it arrived: {decided:?}");
        stage.within(acme.0, move |tx| Leaving { id }.accepted(tx, "twilio", "SMx", MessageStatus::Sent)).await;
        assert!(stage.report(&message, "SMx", MessageStatus::Sent).await);
        let settled = stage.message(&message).await;
        assert_eq!((settled.status, settled.external_id.as_deref()), (MessageStatus::Delivered, Some("SMx")));
        assert_eq!(stage.count(acme.0, MessageFact::SENT).await, 1, "told once, whoever told it");
        assert_eq!(stage.count(acme.0, MessageFact::DELIVERED).await, 1);
        let lead = stage.within(acme.0, move |tx| store::get(tx, acme.1)).await;
        assert_eq!((lead.contact_count, lead.first_contact_at), (1, Some(stage.clock.now())));
    }

    async fn a_returned_message_waits_and_a_refused_one_suppresses_when_the_person_opted_out(stage: Stage) {
        let acme = stage.with_lead("acme").await;
        let message = stage.queued(acme, true).await;
        let id = message.id;
        stage.within(acme.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await;
        let busy = ProviderError::new("twilio", ErrorClass::Retry, "30001", "queue overflow");
        stage.within(acme.0, move |tx| Leaving { id }.returned(tx, &busy)).await;
        let waiting = stage.message(&message).await;
        assert_eq!((waiting.status, waiting.error_code.as_deref()), (MessageStatus::Queued, Some("30001")));

        stage.within(acme.0, move |tx| begin(tx, &Leaving { id }, None, &platform())).await;
        assert_eq!(stage.message(&message).await.metadata.value()["attempts"], 2);
        let gone = ProviderError::new("twilio", ErrorClass::OptOut, "21610", "unsubscribed");
        stage.within(acme.0, move |tx| Leaving { id }.ended(tx, MessageStatus::Failed, &gone)).await;
        assert_eq!(stage.message(&message).await.status, MessageStatus::Failed);
        assert!(stage.platform(move |tx| consent::is_suppressed(tx, Channel::Whatsapp, PERSON, NUMBER, acme.0)).await);
        assert_eq!(stage.count(acme.0, MessageFact::FAILED).await, 1);
    }

    async fn an_answer_reopens_a_closed_and_archived_conversation(stage: Stage) {
        let acme = stage.with_lead("acme").await;
        stage.sent(acme, "SMa").await;
        let now = stage.clock.now();
        stage
            .within(acme.0, move |tx| {
                let mut conversation = conversations::get(tx, acme.2)?;
                let stood = conversation.standing();
                conversation.status = ConversationStatus::Closed;
                conversation.closed_at = Some(now);
                conversation.archived_at = Some(now);
                conversations::save_state(tx, &conversation, stood)
            })
            .await;
        stage.inbound("SM1", "One more question").await;
        let back = stage.within(acme.0, move |tx| conversations::get(tx, acme.2)).await;
        assert_eq!((back.status, back.closed_at, back.archived_at), (ConversationStatus::Open, None, None));
        assert_eq!(stage.count(acme.0, ConversationFact::REOPENED).await, 1);
    }

    async fn a_conversation_follows_its_lead_to_a_new_number(stage: Stage) {
        let acme = stage.with_lead("acme").await;
        stage.sent(acme, "SMa").await;
        stage.inbound("SM1", "Hi").await;
        let change = |phone: Option<&'static str>| {
            stage.within(acme.0, move |tx| {
                let mut lead = store::hold(tx, acme.1)?;
                lead.phone = phone.map(Into::into);
                store::update(tx, &mut lead)?;
                follow::follow(tx, acme.1)?;
                conversations::get(tx, acme.2)
            })
        };
        let unmoved = change(Some(PERSON)).await;
        assert!(unmoved.window_expires_at.is_some(), "nothing changed for the conversation");
        assert_eq!(stage.count(acme.0, ConversationFact::UPDATED).await, 0);

        let moved = change(Some("+919876500009")).await;
        assert_eq!(moved.person_address.as_deref(), Some("+919876500009"));
        assert_eq!(moved.window_expires_at, None, "the new number has not written yet");
        assert_eq!(moved.version, unmoved.version + 1);
        assert_eq!(change(None).await.person_address, None, "a number taken away is not written to");
        assert_eq!(stage.count(acme.0, ConversationFact::UPDATED).await, 2);
    }
}
