//! What happens to an address that a tenant's alerts go to.

use crate::engine::events::Facts;
use crate::inbox::model::Channel;

crate::fact! {
    /// An address was asked whether it wants the alerts, or said so.
    RecipientFact as { ASKED = "tenant.recipient_asked", CONFIRMED = "tenant.recipient_confirmed" } {
        channel: Option<Channel> = "email",
        address: Option<String> = "sales@abc.example",
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<RecipientFact>();
}
