//! Segments: groups of contacts that a tenant names, by a rule ([dynamic](SegmentKind::Dynamic)) or one by one (static).
//!
//! Who is in one is kept in rows, so that a list, a campaign and a rule about membership read them and evaluate nothing. A rule's first
//! members are written in batches by a job ([`build`]); afterwards only who changed is looked at, and only by the segments that read
//! what changed ([`follow`]): whoever writes a contact or a lead pays nothing, since the follower reads the events that tell of it. What
//! turns by time alone has its moment in a row of its own. Once a night all is compared with the rules, mended, and said. Segments that
//! ask for each other are refused.
//!
//! Others ask [`members`], and react to [`MemberFact`].

mod api;
mod build;
mod change;
mod evaluate;
mod facts;
mod follow;
mod known;
mod membership;
mod model;
mod preview;
mod store;

pub use facts::{MemberFact, SegmentFact};
pub use model::{SegmentKind, SegmentStatus};
pub use store::get;
pub use store::members::page_of_ids as members;

use crate::engine::events::{Facts, Reactions};
use crate::engine::jobs::Registry;

pub fn facts(all: &mut Facts) {
    facts::facts(all);
}

pub fn routes(cfg: &mut utoipa_actix_web::service_config::ServiceConfig) {
    // Before what takes any id.
    cfg.service(api::preview_segment)
        .service(api::list_segments)
        .service(api::create_segment)
        .service(api::get_segment)
        .service(api::update_segment)
        .service(api::delete_segment)
        .service(api::list_segment_members)
        .service(api::change_segment_members)
        .service(api::get_segment_member);
}

pub fn jobs(registry: &mut Registry) {
    build::jobs(registry);
    follow::jobs(registry);
}

pub fn reactions(reactions: &mut Reactions) {
    membership::reactions(reactions);
    build::reactions(reactions);
}
