//! What is answered when a provider does not do what it was asked: one code a class, whatever the vendor's own codes.

use crate::base::refusal::Place::At;
use crate::base::refusal::Refusal;

/// Where a person waits for a provider's answer. Everywhere else it is asked in a job.
const WAITING: &[crate::base::refusal::Place] = &[At("get_attachment")];

pub const REFUSALS: &[Refusal] = &[
    Refusal::upstream("provider.retry")
        .why("The provider failed, or could not be reached.")
        .remedy("Repeat it later.")
        .at(WAITING),
    Refusal::upstream("provider.rate")
        .why("The provider takes no more requests for now.")
        .remedy("Repeat it after Retry-After, or in some minutes.")
        .at(WAITING),
    Refusal::upstream("provider.permanent")
        .why("The provider refuses the request as it is.")
        .remedy("Repeating it does not help. Tell the platform's support the request_id.")
        .at(WAITING),
    Refusal::upstream("provider.opt_out")
        .why("The provider says that the person does not want to be written to.")
        .remedy("Do not write to them on this channel until they ask for it.")
        .at(WAITING),
    Refusal::upstream("provider.window")
        .why("The provider takes no free text outside 24 hours after the person last wrote.")
        .remedy("Send a template.")
        .at(WAITING),
    Refusal::upstream("provider.auth")
        .why("The provider does not take our credentials, or they lack a permission.")
        .remedy("The platform's operators renew them; `leadwright doctor` names what is missing.")
        .at(WAITING),
    Refusal::upstream("provider.config")
        .why("What is set up at the provider does not fit.")
        .remedy("The platform's operators correct it; `leadwright doctor` names what is missing.")
        .at(WAITING),
    Refusal::upstream("provider.unreachable")
        .why("The provider says that this address cannot be reached.")
        .remedy("Look at the address, or take another channel.")
        .at(WAITING),
    Refusal::upstream("provider.ambiguous")
        .why("The provider's answer was lost, so the request took effect or did not.")
        .remedy("Look before it is repeated.")
        .at(WAITING),
];
