//! What is refused about people, and about who may be written to.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::not_found("contact.not_found")
        .why("There is no such contact.")
        .remedy("Look the id up by GET /v1/contacts. Another tenant's contact looks the same as none.")
        .at(&[Under("/v1/contacts/{id}")]),
    Refusal::conflict("contact.identity_taken")
        .why("Another contact of the tenant has this e-mail address or phone number.")
        .remedy("Change that contact, whose id the detail says, or send this one by PUT /v1/contacts/batch.")
        .at(&[At("create_contact"), At("update_contact"), At("upsert_contacts")]),
    Refusal::conflict("contact.ambiguous")
        .why("The addresses and numbers of one contact of a batch belong to several.")
        .remedy("Say which is meant by leaving out what is the other's.")
        .at(&[At("upsert_contacts")]),
    Refusal::conflict("contact.has_leads")
        .why("There are leads of this person, so the contact stays.")
        .remedy("Close the leads; the contact may be marked invalid.")
        .at(&[At("delete_contact")]),
    Refusal::not_found("suppression.not_found")
        .why("There is no such suppression.")
        .remedy("Look the id up by GET /v1/suppressions.")
        .at(&[At("lift_suppression")]),
    Refusal::forbidden("suppression.the_persons_own")
        .why("The person said so themselves, so only they can take it back.")
        .remedy("Let them write START, or ask the platform's operators.")
        .at(&[At("lift_suppression")]),
];
