//! What a caller may not read is in no answer, whatever the operation.
//!
//! A caller that may write and not read, such as the key of a website's form, learns the id of what it wrote and nothing else:
//! an empty change, an assignment or a mark would otherwise answer with the whole lead. It holds for every operation by its
//! path ([`Area`]) and is not left to handlers; who may read is not touched. Events are about many things, so who may read
//! events reads those whose subject it may read ([`Caller::readable_subjects`]).

use std::collections::BTreeSet;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpMessage, ResponseError};
use serde_json::{Map, Value};

use super::area::{self, Area, Callers};
use super::caller::{Caller, Granted};
use super::permission::Permission;
use crate::base::Error;
use crate::engine::events::{EventType, SubjectType, catalogue};

/// A new lead is what the caller sent; of one that was there its handler tells as much as the caller may read.
const LOOK_THEMSELVES: &[(&str, &str)] = &[("POST", "/v1/leads")];

fn is_reading(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// What an answer keeps besides its `id`; `None` when the caller may read all of it.
fn kept(
    areas: &[Area],
    method: &Method,
    path: &str,
    granted: &BTreeSet<Permission>,
) -> Option<&'static [&'static str]> {
    if is_reading(method) || LOOK_THEMSELVES.contains(&(method.as_str(), path)) {
        return None;
    }
    match area::of_path(areas, path).map(|area| (area.callers, area.keeps)) {
        Some((Callers::Anybody | Callers::Providers, _)) => None,
        Some((Callers::Tenants { reads, .. }, kept)) => (!granted.contains(&reads)).then_some(kept),
        // A path of no area is for those who may read everything.
        Some((Callers::Operators, _)) | None => {
            let reads = Permission::ALL.iter().filter(|permission| permission.as_str().ends_with(":read"));
            (!reads.copied().all(|permission| granted.contains(&permission))).then_some(&[])
        }
    }
}

/// Whether a path under `/v1` stands in an area.
pub fn is_covered(path: &str) -> bool {
    area::of_path(area::known(), path).is_some()
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
        granted.and_then(|granted| kept(area::known(), request.method(), &path, &granted.0))
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

/// Who reads events about it; what no area speaks of is for those who may read everything.
fn reader_of(subject: SubjectType) -> Option<Permission> {
    area::known().iter().find_map(|area| match area.callers {
        Callers::Tenants { reads, .. } if area.nouns.contains(&subject.as_str()) => Some(reads),
        _ => None,
    })
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
    use crate::tenants::access::Areas;

    #[test]
    fn who_writes_and_may_not_read_keeps_the_id() {
        let mut areas = Areas::default();
        areas.tag("Things", "").of_tenants("/v1/leads", Permission::LeadsRead, Permission::LeadsWrite);
        areas
            .of_tenants("/v1/invitations", Permission::UsersRead, Permission::UsersWrite)
            .keeping(&["token", "accept_url"]);
        areas.of_anybody("/v1/me");
        let kept = |method, path, granted| kept(areas.all(), method, path, granted);
        let writes = BTreeSet::from([Permission::LeadsWrite, Permission::UsersWrite]);
        assert_eq!(kept(&Method::PATCH, "/v1/leads/{id}", &writes), Some([].as_slice()));
        assert_eq!(kept(&Method::POST, "/v1/invitations", &writes), Some(["token", "accept_url"].as_slice()));
        assert_eq!(kept(&Method::POST, "/v1/something-new/{id}", &writes), Some([].as_slice()));
        assert_eq!(kept(&Method::GET, "/v1/leads/{id}", &writes), None);
        assert_eq!(kept(&Method::PATCH, "/v1/me", &writes), None);
        assert_eq!(kept(&Method::PATCH, "/v1/leads-of-others", &writes), Some([].as_slice()), "another path");
        let reads = Permission::ALL.iter().copied().collect();
        for path in ["/v1/leads/{id}", "/v1/something-new"] {
            assert_eq!(kept(&Method::PATCH, path, &reads), None);
        }
        assert_eq!(reduce(br#"{"id":"1","name":"Asha","token":"t"}"#, &["token"]), br#"{"id":"1","token":"t"}"#);
        assert_eq!(reduce(br#"[{"name":"Asha"}]"#, &[]), b"{}");
    }
}
