//! What the twins' own controls refuse. What a twin refuses as its vendor would is told in the vendor's words.

use crate::base::refusal::Place::Unrouted;
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::malformed("sandbox.not_understood")
        .why("What a control of the sandbox was told is not what it takes.")
        .remedy("Look at /sandbox/openapi.json. The detail says what was expected.")
        .at(&[Unrouted]),
    Refusal::not_found("sandbox.lead_not_found")
        .why("The twin of Meta knows no such lead: it forgets all when its process ends.")
        .remedy("Fill in a form first, by POST /sandbox/meta/leads.")
        .at(&[Unrouted]),
    Refusal::conflict("sandbox.clock_is_real")
        .why("This process runs by the machine's own clock, which nobody moves here.")
        .remedy("Start the server with LEADWRIGHT_SANDBOX=true, and move the clock there.")
        .at(&[Unrouted]),
];
