//! `/unsubscribe/{token}` and `/preferences/{token}`: for browsers and mail programs, and so no part of the API's document.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::link::Link;
use super::{Preferences, page};
use crate::base::Result;
use crate::contacts::AddressChannel;
use crate::contacts::consents::ConsentProof;
use crate::engine::Core;
use crate::engine::db::TenantTx;
use crate::engine::http::{Answer, read_body};
use crate::language::Reader;
use crate::tenants::access::Anyone;
use crate::tenants::region::Language;

/// A form of three boxes, or what a mail program sends.
const MOST_BYTES: usize = 8 * 1024;

/// The pages.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(web::resource("/unsubscribe/{token}").get(get_unsubscribe).post(post_unsubscribe))
        .service(web::resource("/preferences/{token}").get(get_preferences).post(post_preferences));
}

async fn get_unsubscribe(anyone: Anyone, core: web::Data<Core>, req: HttpRequest, token: web::Path<String>) -> Answer {
    let show = |tx: &mut TenantTx<'_>, link: &Link, reader: &dyn Fn(&Preferences) -> Reader| {
        let of = super::show(tx, link)?;
        page::ask_to_unsubscribe(&reader(&of), &of, &link.address)
    };
    answer(&anyone, &core, &req, &token, false, show).await
}

/// One click, whatever the body says: it is the address that is posted to (RFC 8058).
async fn post_unsubscribe(anyone: Anyone, core: web::Data<Core>, req: HttpRequest, token: web::Path<String>) -> Answer {
    let proof = proof_of(&anyone);
    let act = move |tx: &mut TenantTx<'_>, link: &Link, reader: &dyn Fn(&Preferences) -> Reader| {
        super::unsubscribe(tx, link, proof)?;
        let of = super::show(tx, link)?;
        page::unsubscribed(&reader(&of), &of, &link.address)
    };
    answer(&anyone, &core, &req, &token, true, act).await
}

async fn get_preferences(anyone: Anyone, core: web::Data<Core>, req: HttpRequest, token: web::Path<String>) -> Answer {
    let show = |tx: &mut TenantTx<'_>, link: &Link, reader: &dyn Fn(&Preferences) -> Reader| {
        let of = super::show(tx, link)?;
        page::preferences(&reader(&of), &of, false)
    };
    answer(&anyone, &core, &req, &token, false, show).await
}

async fn post_preferences(
    anyone: Anyone,
    core: web::Data<Core>,
    req: HttpRequest,
    token: web::Path<String>,
    payload: web::Payload,
) -> Answer {
    let body = read_body(&req, &mut payload.into_inner(), MOST_BYTES).await?;
    let names: Vec<String> = url::form_urlencoded::parse(&body).map(|(name, _)| name.into_owned()).collect();
    let chosen: Vec<AddressChannel> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let proof = proof_of(&anyone);
    let act = move |tx: &mut TenantTx<'_>, link: &Link, reader: &dyn Fn(&Preferences) -> Reader| {
        super::choose(tx, link, &chosen, &proof)?;
        let of = super::show(tx, link)?;
        page::preferences(&reader(&of), &of, true)
    };
    answer(&anyone, &core, &req, &token, true, act).await
}

fn proof_of(anyone: &Anyone) -> ConsentProof {
    let device = anyone.device();
    ConsentProof {
        ip: device.address.filter(|address| address.parse::<std::net::IpAddr>().is_ok()),
        user_agent: device.user_agent.filter(|agent| !agent.is_empty()),
        ..ConsentProof::default()
    }
}

/// The page that follows, or the one that says that the link is not valid: 404, also where the tenant is gone.
async fn answer(
    anyone: &Anyone,
    core: &Core,
    req: &HttpRequest,
    token: &str,
    acts: bool,
    make: impl FnOnce(&mut TenantTx<'_>, &Link, &dyn Fn(&Preferences) -> Reader) -> Result<String> + Send + 'static,
) -> Answer {
    let accepted = req.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let accepted: Option<String> = accepted.and_then(crate::language::accepted).map(|words| words.tag.to_string());
    let Some(link) = Link::read(&core.master_key, token) else { return not_valid(accepted.as_deref()) };
    let scope = anyone.scope();
    let browser = accepted.clone();
    let work = move |tx: &mut crate::engine::db::PlatformTx<'_>| {
        let tx = &mut tx.for_tenant(link.tenant);
        if crate::tenants::store::current(tx)?.erased_at.is_some() {
            return Ok(None);
        }
        let reader = |of: &Preferences| {
            let tenants = of.tenant.settings.language.as_ref().map(Language::as_str);
            let languages = [browser.as_deref(), of.language.as_deref(), tenants];
            Reader::of(languages, of.tenant.time_zone)
        };
        make(tx, &link, &reader).map(Some)
    };
    let made = if acts { core.db.write(scope, work).await? } else { core.db.read(scope, work).await? };
    match made {
        Some(html) => Ok(html_of(StatusCode::OK, html)),
        None => not_valid(accepted.as_deref()),
    }
}

fn not_valid(language: Option<&str>) -> Answer {
    let reader = Reader::of([language], chrono_tz::Tz::UTC);
    Ok(html_of(StatusCode::NOT_FOUND, page::not_valid(&reader)?))
}

fn html_of(status: StatusCode, html: String) -> HttpResponse {
    let mut response = HttpResponse::build(status).content_type("text/html; charset=utf-8").body(html);
    let headers = response.headers_mut();
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
