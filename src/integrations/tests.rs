//! Stored once, claimed once.

use serde_json::json;

use super::model::{WebhookKind, WebhookProvider, WebhookState};
use super::store::{self, NewWebhook};
use crate::engine::db::testing::on_both_engines;
use crate::engine::db::{Db, PlatformScope, PlatformTx};

fn lead(id: &str) -> NewWebhook {
    NewWebhook::new(WebhookProvider::Meta, WebhookKind::Leadgen, id, json!({"name": "a\u{0}b"}))
}

on_both_engines! {
    async fn an_event_is_stored_once_and_claimed_once(db: Db) {
        let scope = PlatformScope::system;
        let many: Vec<NewWebhook> = (0..1000).map(|n| lead(&n.to_string())).chain([lead("7"), lead("8")]).collect();
        let stored = db.write(scope(), move |tx: &mut PlatformTx<'_>| store::insert_new(tx, many)).await.unwrap();
        assert_eq!(stored.len(), 1000, "twice in one request is once");
        let again = vec![lead("7"), lead("1000")];
        let fresh = db.write(scope(), move |tx: &mut PlatformTx<'_>| store::insert_new(tx, again)).await.unwrap();
        assert_eq!(fresh.iter().map(|event| event.external_id.as_str()).collect::<Vec<_>>(), ["1000"]);
        assert_eq!(fresh[0].body.value()["name"], "a\u{fffd}b");

        let id = fresh[0].id;
        let write = async |body: fn(&mut PlatformTx<'_>, crate::integrations::id::WebhookEventId) -> crate::base::Result<bool>| {
            db.write(scope(), move |tx: &mut PlatformTx<'_>| body(tx, id)).await.unwrap()
        };
        assert!(write(|tx, id| store::note_failure(tx, id, Some("auth"), "expired")).await);
        assert!(write(store::reopen).await, "what failed may be tried again");
        assert!(write(store::claim).await);
        assert!(!write(store::claim).await, "the effect is there already");
        assert!(!write(store::reopen).await);
        assert!(!write(|tx, id| store::note_failure(tx, id, None, "late")).await);
        let row = db.read(scope(), move |tx: &mut PlatformTx<'_>| store::find(tx, id)).await.unwrap().unwrap();
        assert_eq!((row.state, row.attempts, row.error), (WebhookState::Processed, 2, None));
    }
}
