//! The catalogue of errors: what every folder refuses, and what the process itself does.

use crate::base::ErrorKind;
use crate::base::refusal::Place::{At, Unrouted};
use crate::base::refusal::Refusal;
use crate::{
    ads, billing, contacts, engine, inbox, integrations, leads, notify, ops, outreach, providers, sandbox, sending,
    tenants,
};

const OWN: &[Refusal] = &[
    Refusal::new(ErrorKind::MethodNotAllowed, "request.method_not_allowed")
        .why("The path exists and does not take this method.")
        .remedy("Take one that Allow names.")
        .at(&[Unrouted]),
    Refusal::forbidden("request.origin_not_allowed")
        .why("A browser asks from an origin that is not allowed here.")
        .remedy("The platform's operators allow it by LEADWRIGHT_CORS_ORIGINS.")
        .at(&[Unrouted]),
    Refusal::unavailable("process.stopping")
        .why("The process finishes what it has begun and takes nothing new.")
        .remedy("Ask another one.")
        .at(&[At("get_readiness")]),
    Refusal::unavailable("process.joining")
        .why("The process prepares the database, or waits for another that does.")
        .remedy("Wait for it: it joins by itself.")
        .at(&[At("get_readiness")]),
    Refusal::unavailable("storage.not_migrated")
        .why("The database is older than this version.")
        .remedy("Run leadwright migrate.")
        .at(&[At("get_readiness")]),
    Refusal::unavailable("storage.other_key")
        .why("The master key was changed while this process ran, which knows the former one alone.")
        .remedy("Restart it with the key that the others have.")
        .at(&[At("get_readiness")]),
    Refusal::not_found("metrics.not_here")
        .why("Metrics are on another port.")
        .remedy("Ask at LEADWRIGHT_MONITOR_BIND, or set LEADWRIGHT_METRICS_PUBLIC.")
        .at(&[At("get_metrics")]),
    Refusal::not_found("problem.not_found")
        .why("There is no error of this code.")
        .remedy("Look it up by GET /problems.")
        .at(&[At("get_problem")]),
    Refusal::invalid("config.provider")
        .why("A provider's settings do not fit together.")
        .remedy("Look at the detail and at docs/settings.md."),
    Refusal::unavailable("config.bind")
        .why("Nobody can listen at this address.")
        .remedy("Look for who listens there already."),
];

/// Every entry, by code.
pub fn all() -> Vec<&'static Refusal> {
    let lists = [
        OWN,
        engine::refusals::REFUSALS,
        providers::refusals::REFUSALS,
        sandbox::refusals::REFUSALS,
        tenants::refusals::REFUSALS,
        contacts::refusals::REFUSALS,
        sending::refusals::REFUSALS,
        billing::refusals::REFUSALS,
        leads::refusals::REFUSALS,
        inbox::refusals::REFUSALS,
        outreach::refusals::REFUSALS,
        ads::refusals::REFUSALS,
        notify::refusals::REFUSALS,
        integrations::refusals::REFUSALS,
        ops::refusals::REFUSALS,
    ];
    let mut all: Vec<&Refusal> = lists.into_iter().flatten().collect();
    all.sort_by_key(|refusal| (refusal.code, refusal.kind as u8));
    all
}
