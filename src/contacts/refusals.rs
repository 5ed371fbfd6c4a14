//! What is refused about people, and about who may be written to.

use crate::base::refusal::Place::{At, Under};
use crate::base::refusal::Refusal;

pub const REFUSALS: &[Refusal] = &[
    Refusal::not_found("contact.not_found")
        .why("There is no such contact.")
        .remedy("Look the id up by GET /v1/contacts. Another tenant's contact looks the same as none.")
        .at(&[Under("/v1/contacts/{id}"), At("preview_template"), At("get_segment_member")]),
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
    Refusal::conflict("contact.no_address")
        .why("The contact has no address or number on the channel.")
        .remedy("Add it to the contact first, or take another channel.")
        .at(&[At("record_contact_consent")]),
    Refusal::conflict("consent.the_persons_own")
        .why("The person refused this themselves: by STOP, a complaint, or the page of preferences.")
        .remedy("Only they take it back: by START, or by the page that marketing e-mails link to. An agreement from before may be recorded.")
        .at(&[At("record_contact_consent")]),
    Refusal::not_found("segment.not_found")
        .why("There is no such segment.")
        .remedy("Look the id up by GET /v1/segments.")
        .at(&[
            Under("/v1/segments/{id}"),
            At("create_outreach_campaign"),
            At("update_outreach_campaign"),
            At("estimate_outreach_campaign"),
        ]),
    crate::engine::full!("segment", "segment", "create_segment"),
    Refusal::conflict("segment.in_use")
        .why("Rules of other segments ask for this one.")
        .remedy("Change those rules first; the detail names the segments.")
        .at(&[At("delete_segment")]),
    Refusal::conflict("segment.is_dynamic")
        .why("The rule of the segment says who is in it.")
        .remedy("Change the rule, or what it asks of the contact. Only a static segment is filled by hand.")
        .at(&[At("change_segment_members")]),
    Refusal::conflict("contact.has_bookings")
        .why("There are bookings of this person, so the contact stays.")
        .remedy("Delete the bookings first, or let the contact be; it may be marked invalid.")
        .at(&[At("delete_contact")]),
    Refusal::not_found("contact_note.not_found")
        .why("There is no such note on this contact.")
        .remedy("Look the id up by GET /v1/contacts/{id}/notes.")
        .at(&[At("delete_contact_note")]),
    Refusal::conflict("contact_note.limit_reached")
        .why("The contact has as many notes as it may.")
        .remedy("Delete one first.")
        .at(&[At("create_contact_note")]),
    engine::absent!("booking", "booking", "/v1/bookings"),
    Refusal::conflict("booking.external_id_taken")
        .why("Another booking of the tenant has this external id.")
        .remedy("Change that booking, whose id the detail says, or send this one by PUT /v1/bookings/batch.")
        .at(&[At("create_booking"), At("update_booking"), At("upsert_bookings")]),
    engine::absent!("custom_attribute", "custom attribute", "/v1/custom-attributes"),
    engine::full!("custom_attribute", "custom attribute", "create_custom_attribute"),
    Refusal::conflict("custom_attribute.key_taken")
        .why("The tenant has a custom attribute of this key, or the values of one that was deleted are still being taken away.")
        .remedy("Choose another key, or change the one that is there. What was deleted leaves its key within moments.")
        .at(&[At("create_custom_attribute")]),
    Refusal::not_found("suppression.not_found")
        .why("There is no such suppression.")
        .remedy("Look the id up by GET /v1/suppressions.")
        .at(&[At("lift_suppression")]),
    Refusal::forbidden("suppression.the_persons_own")
        .why("The person said so themselves, so only they can take it back.")
        .remedy("Let them write START, or ask the platform's operators.")
        .at(&[At("lift_suppression")]),
];
