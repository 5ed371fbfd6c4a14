//! What a caller may not read is in no answer, whatever the operation.
//!
//! A caller that may write and not read, such as the key of a website's form, learns the id of what it wrote and nothing else:
//! an empty change, an assignment or a mark would otherwise answer with the whole lead. It holds for every operation by its
//! path ([`RULES`]) and is not left to handlers; who may read is not touched. Events are about many things, so who may read
//! events reads those whose subject it may read ([`Caller::readable_subjects`]).

use std::collections::BTreeSet;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError};
use serde_json::{Map, Value};

use super::caller::{Caller, Granted};
use super::permission::Permission;
use crate::base::Error;
use crate::engine::events::{EventType, SubjectType, catalogue};

/// Who may read what a path leads to.
enum Readers {
    Of(Permission),
    /// What the caller gave is all that is answered, or the handler looks itself.
    Anybody,
}

/// By the beginning of a path under `/v1`, with what an answer keeps besides its `id`: what was made for this caller.
const RULES: &[(&str, Readers, &[&str])] = &[
    ("/v1/ad-campaigns", Readers::Of(Permission::AdCampaignsRead), &["key", "webhook_url"]),
    ("/v1/api-keys", Readers::Of(Permission::ApiKeysWrite), &[]),
    ("/v1/auth", Readers::Anybody, &[]),
    ("/v1/conversations", Readers::Of(Permission::ConversationsRead), &[]),
    ("/v1/events", Readers::Of(Permission::EventsRead), &[]),
    ("/v1/invitations", Readers::Of(Permission::UsersRead), &["token", "accept_url"]),
    ("/v1/leads", Readers::Of(Permission::LeadsRead), &[]),
    ("/v1/me", Readers::Anybody, &[]),
    ("/v1/notifications", Readers::Of(Permission::NotificationsRead), &["marked"]),
    ("/v1/subscriptions", Readers::Of(Permission::BillingRead), &[]),
    ("/v1/suppressions", Readers::Of(Permission::ConversationsRead), &[]),
    ("/v1/tenants/current", Readers::Of(Permission::TenantRead), &[]),
    ("/v1/usage", Readers::Of(Permission::BillingRead), &[]),
    ("/v1/users", Readers::Of(Permission::UsersRead), &[]),
    ("/v1/webhook-deliveries", Readers::Of(Permission::WebhooksRead), &[]),
    ("/v1/webhook-endpoints", Readers::Of(Permission::WebhooksRead), &["secret"]),
];

/// A new lead is what the caller sent; of one that was there its handler tells as much as the caller may read.
const LOOK_THEMSELVES: &[(&str, &str)] = &[("POST", "/v1/leads")];

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What an answer keeps besides its `id`; `None` when the caller may read all of it.
fn kept(method: &Method, path: &str, granted: &BTreeSet<Permission>) -> Option<&'static [&'static str]> {
    if is_reading(method) || LOOK_THEMSELVES.contains(&(method.as_str(), path)) {
        return None;
    }
    let is_below = |start: &str| path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    match RULES.iter().find(|(start, ..)| is_below(start)) {
        Some((_, Readers::Anybody, _)) => None,
        Some((_, Readers::Of(permission), kept)) => (!granted.contains(permission)).then_some(*kept),
        // A path without a line here is for those who may read everything.
        None => {
            let reads = Permission::ALL.iter().filter(|permission| permission.as_str().ends_with(":read"));
            (!reads.copied().all(|permission| granted.contains(&permission))).then_some(&[])
        }
    }
}

/// Whether a path under `/v1` has its line in [`RULES`].
pub fn is_covered(path: &str) -> bool {
    RULES.iter().any(|(start, ..)| path.starts_with(start))
}

/// The middleware: takes out of an answer what its caller may not read.
pub async fn conceal_unreadable(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let is_reading = is_reading(req.method());
    let response = next.call(req).await?.map_into_boxed_body();
    if is_reading {
        return Ok(response);
    }
    let keeps = {
        let request = response.request();
        let granted = request.extensions().get::<Granted>().cloned();
        let path = request.match_pattern().unwrap_or_default();
        granted.and_then(|granted| kept(request.method(), &path, &granted.0))
    };
    let Some(keeps) = keeps.filter(|_| response.status().is_success()) else {
        return Ok(response);
    };
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body).await else {
        let answer = Error::internal("an answer that could not be read").error_response();
        return Ok(ServiceResponse::new(request, answer));
    };
    let reduced = if bytes.is_empty() { bytes } else { reduce(&bytes, keeps).into() };
    let response = response.set_body(BoxBody::new(reduced));
    Ok(ServiceResponse::new(request, response))
}

fn reduce(body: &[u8], keeps: &[&str]) -> Vec<u8> {
    let mut whole: Map<String, Value> = serde_json::from_slice(body).unwrap_or_default();
    whole.retain(|name, _| name == "id" || keeps.contains(&name.as_str()));
    Value::Object(whole).to_string().into_bytes()
}

/// Who reads what an event is about; what is not named here is for those who may read everything.
const READERS: &[(&str, Permission)] = &[
    ("tenant", Permission::TenantRead),
    ("ops_task", Permission::TenantRead),
    ("lead", Permission::LeadsRead),
    ("conversation", Permission::ConversationsRead),
    ("message", Permission::ConversationsRead),
    ("suppression", Permission::ConversationsRead),
    ("ad_campaign", Permission::AdCampaignsRead),
    ("subscription", Permission::BillingRead),
    ("user", Permission::UsersRead),
    ("session", Permission::UsersRead),
    ("api_key", Permission::ApiKeysWrite),
    ("webhook_endpoint", Permission::WebhooksRead),
    ("webhook_delivery", Permission::WebhooksRead),
];

fn reader_of(subject: SubjectType) -> Option<Permission> {
    READERS.iter().find(|(name, _)| *name == subject.as_str()).map(|(_, permission)| *permission)
}

/// Whether it is said who reads of this subject.
pub fn is_named(subject: SubjectType) -> bool {
    reader_of(subject).is_some()
}

impl Caller {
    /// Whether events of this type are about something the caller may read.
    pub fn may_read(&self, kind: EventType) -> bool {
        self.may_read_of(kind.subject())
    }

    fn may_read_of(&self, subject: SubjectType) -> bool {
        let mut reads = Permission::ALL.iter().filter(|permission| permission.as_str().ends_with(":read"));
        reader_of(subject)
            .map_or_else(|| reads.all(|permission| self.may(*permission)), |permission| self.may(permission))
    }

    /// What events the caller may read are about; `None` when all.
    pub fn readable_subjects(&self) -> Option<Vec<SubjectType>> {
        let all = catalogue::subjects();
        let count = all.len();
        let readable: Vec<SubjectType> = all.into_iter().filter(|subject| self.may_read_of(*subject)).collect();
        (readable.len() < count).then_some(readable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_and_may_not_read_keeps_the_id() {
        let writes = BTreeSet::from([Permission::LeadsWrite, Permission::UsersWrite]);
        assert_eq!(kept(&Method::PATCH, "/v1/leads/{id}", &writes), Some([].as_slice()));
        assert_eq!(kept(&Method::POST, "/v1/invitations", &writes), Some(["token", "accept_url"].as_slice()));
        assert_eq!(kept(&Method::POST, "/v1/something-new/{id}", &writes), Some([].as_slice()));
        assert_eq!(kept(&Method::GET, "/v1/leads/{id}", &writes), None);
        let reads = Permission::ALL.iter().copied().collect();
        for path in ["/v1/leads/{id}", "/v1/something-new"] {
            assert_eq!(kept(&Method::PATCH, path, &reads), None);
        }
        assert_eq!(reduce(br#"{"id":"1","name":"Asha","token":"t"}"#, &["token"]), br#"{"id":"1","token":"t"}"#);
        assert_eq!(reduce(br#"[{"name":"Asha"}]"#, &[]), b"{}");
    }
}
