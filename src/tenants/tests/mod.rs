//! This module's operations over HTTP, on a private database and a clock that stands until moved.

mod keys;
mod people;
mod sessions;
mod tenant;

use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{App, test, web};
use serde_json::{Value, json};
use utoipa_actix_web::AppExt;

use crate::base::crypto::MasterKey;
use crate::base::id::TenantId;
use crate::engine::db::testing::{OnDatabase, on_both_engines};
use crate::engine::db::{Db, Origin, PlatformScope, PlatformTx, TenantScope, TenantTx};
use crate::engine::http::limits::Limiter;
use crate::engine::http::{once, openapi};
use crate::engine::metrics::Metrics;
use crate::engine::{Core, CoreSettings};

const PASSWORD: &str = "monsoon-over-andheri";

struct Office {
    core: Core,
    is_limited: bool,
    in_flight: web::Data<once::InFlight>,
    limiter: web::Data<Limiter>,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    body: Value,
    etag: Option<String>,
    replayed: bool,
}

impl Answer {
    #[track_caller]
    fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }
    #[track_caller]
    fn refused(self, status: u16, code: &str) {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
    }
}

impl OnDatabase for Office {
    async fn on(db: Db) -> Self {
        Self::with_limits(db, false)
    }
}

impl Office {
    fn with_limits(db: Db, is_limited: bool) -> Self {
        // The audit trail is filtered by what was declared.
        let mut facts = crate::engine::events::Facts::default();
        crate::tenants::facts(&mut facts);
        facts.publish();
        let settings = CoreSettings {
            email_from: "leads@leadwright.example".into(),
            public_url: "https://leads.example.com".into(),
            app_url: "https://leads.example.com".into(),
            passkey_domain: None,
            passkey_origins: Vec::new(),
            sms_countries: Vec::new(),
            platform_name: "LeadGen Pro".into(),
            privacy_policy_url: None,
            rate_limit: is_limited,
            send_rates: crate::engine::SendRates::default(),
        };
        let metrics = Arc::new(Metrics::new().unwrap());
        let clock = db.clock().clone();
        let core = Core { db, clock, metrics, master_key: MasterKey::random(), settings: Arc::new(settings) };
        let limiter = web::Data::new(Limiter::new(is_limited, 1200));
        Self { core, is_limited, in_flight: web::Data::default(), limiter }
    }

    /// `Bearer` of `token`; more headers as pairs.
    async fn send(&self, request: &str, token: &str, body: Option<Value>, more: &[(&str, &str)]) -> Answer {
        let (method, path) = request.split_once(' ').unwrap();
        let (app, _) = App::new()
            .app_data(web::Data::new(self.core.clone()))
            .app_data(self.in_flight.clone())
            .app_data(self.limiter.clone())
            .into_utoipa_app()
            .service(utoipa_actix_web::scope::scope("/v1").configure(super::routes))
            .split_for_parts();
        let service = test::init_service(app).await;
        let mut call = test::TestRequest::with_uri(&format!("/v1{path}")).method(method.parse::<Method>().unwrap());
        if !token.is_empty() {
            call = call.insert_header((header::AUTHORIZATION, format!("Bearer {token}")));
        }
        for (name, value) in more {
            call = call.insert_header((*name, *value));
        }
        if let Some(body) = body {
            call = call.set_json(body);
        }
        let response = test::call_service(&service, call.to_request()).await;
        let head = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_string());
        let (status, etag) = (response.status().as_u16(), head("etag"));
        let replayed = head("idempotency-replayed").is_some();
        let bytes = test::read_body(response).await;
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status, body, etag, replayed }
    }
    async fn get(&self, path: &str, token: &str) -> Answer {
        self.send(&format!("GET {path}"), token, None, &[]).await
    }
    async fn delete(&self, path: &str, token: &str) -> Answer {
        self.send(&format!("DELETE {path}"), token, None, &[]).await
    }
    async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(&format!("POST {path}"), token, Some(body), &[]).await
    }
    async fn patch(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(&format!("PATCH {path}"), token, Some(body), &[]).await
    }
    async fn put(&self, path: &str, token: &str, body: Value) -> Answer {
        self.send(&format!("PUT {path}"), token, Some(body), &[]).await
    }

    /// Signs a business up whose plan has the API.
    async fn sign_up_with_api(&self, name: &str) -> Value {
        let signed_up = self.sign_up(name).await;
        let tenant: TenantId = text(&signed_up["tenant"]["id"]).parse().unwrap();
        let plan = |tx: &mut TenantTx<'_>| super::store::set_entitlements(tx, Some(&["api_access".to_string()]));
        self.core.db.write(TenantScope::mint(tenant, Origin::system()), plan).await.unwrap();
        signed_up
    }

    /// Signs a business up; its owner is `owner@{name}.example.com` and has shown it.
    async fn sign_up(&self, name: &str) -> Value {
        let email = format!("owner@{name}.example.com");
        let body = json!({"email": email, "password": PASSWORD, "business_name": name});
        let signed_up = self.post("/auth/signup", "", body).await.expect(201);
        let user = text(&signed_up["user"]["id"]).parse().unwrap();
        let verify = move |tx: &mut PlatformTx<'_>| super::verify::mark(tx, user);
        self.core.db.write(PlatformScope::system(), verify).await.unwrap();
        signed_up
    }

    /// Somebody invited and joined; answers what joining answered.
    async fn join(&self, inviter: &str, email: &str, role: &str) -> Value {
        let offered = self.post("/invitations", inviter, json!({"email": email, "role": role})).await.expect(201);
        let accept = json!({"token": offered["token"], "name": "Asha", "password": PASSWORD});
        self.post("/invitations/accept", "", accept).await.expect(201)
    }

    async fn operator(&self) -> String {
        let scope = PlatformScope::system();
        let create = |tx: &mut PlatformTx<'_>| super::create_operator(tx, "Meera", None);
        self.core.db.write(scope, create).await.unwrap().1
    }

    /// The types of the tenant's events, oldest first.
    async fn events(&self, token: &str) -> Vec<String> {
        let page = self.get("/events?limit=200", token).await.expect(200);
        let kinds = page["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap().to_string());
        kinds.rev().collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[actix_web::test]
async fn every_operation_is_described_once() {
    let (_, doc) = App::new()
        .into_utoipa_app()
        .service(utoipa_actix_web::scope::scope("/v1").configure(super::routes))
        .split_for_parts();
    let doc = serde_json::to_value(openapi::finish(doc, &[], &[], &[])).unwrap();
    let mut ids = Vec::new();
    for (path, item) in doc["paths"].as_object().unwrap() {
        assert!(path.starts_with("/v1/"), "{path}");
        for operation in item.as_object().unwrap().values() {
            ids.push(text(&operation["operationId"]).to_string());
        }
    }
    assert_eq!(ids.len(), 69, "{ids:?}");
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len());
    let all = doc.to_string();
    for reference in all.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(doc["components"]["schemas"].get(name).is_some(), "{name} is referred to and not there");
    }
}
