//! The Meta twin: Graph API nodes for leads and ad campaigns ([`graph`]), the app and its page
//! subscriptions ([`app`]), and the person who fills a form ([`forms`]).
//!
//! Every numeric id is an existing ad campaign unless it was given to a lead. The token must be the known one and carry its
//! `appsecret_proof`, as in an app with "require app secret" switched on. Unknown fields and parameters are errors, as they are
//! at Meta.

mod app;
mod forms;
mod graph;

use std::sync::Mutex;

use actix_web::web;
use serde_json::{Map, Value};

use super::state::{Numbers, Ring};

pub(super) struct MetaTwin {
    leads: Mutex<Ring<String, StoredLead>>,
    /// The questions of forms that were told.
    forms: Mutex<Ring<String, Value>>,
    /// What was ever changed.
    campaigns: Mutex<Ring<String, StoredCampaign>>,
    numbers: Numbers,
}

/// An ad campaign as far as our side can change it.
#[derive(Clone)]
struct StoredCampaign {
    status: &'static str,
    /// Minor units, which Meta writes as text.
    daily_budget: Option<i64>,
}

impl Default for StoredCampaign {
    fn default() -> Self {
        Self { status: "ACTIVE", daily_budget: None }
    }
}

#[derive(Clone)]
struct StoredLead {
    node: Map<String, Value>,
    change: Value,
    page_id: String,
}

impl MetaTwin {
    pub fn new() -> Self {
        Self {
            leads: Mutex::new(Ring::new(200_000)),
            forms: Mutex::new(Ring::new(10_000)),
            campaigns: Mutex::new(Ring::new(10_000)),
            numbers: Numbers::new(),
        }
    }
}

pub(super) fn routes(cfg: &mut web::ServiceConfig) {
    cfg.route("/meta/leads", web::post().to(forms::submit));
    cfg.route("/meta/leads/batch", web::post().to(forms::submit_batch));
    cfg.route("/meta/forms", web::post().to(forms::define));
    cfg.route("/meta/resend", web::post().to(forms::send_again));
    cfg.route("/meta/{version}/app", web::get().to(app::show));
    cfg.route("/meta/{version}/{id}/{edge}", web::get().to(app::edge));
    cfg.route("/meta/{version}/{id}", web::get().to(graph::read));
    cfg.route("/meta/{version}/{id}", web::post().to(graph::update));
}
