//! What happens to an address that a tenant's alerts go to.

use crate::engine::events::Facts;
use crate::inbox::model::Channel;

crate::fact! {
    /// An address was asked whether it wants the alerts, or said so.
    RecipientFact as {
        /// An address was asked whether it wants the alerts.
        ASKED = "tenant.recipient_asked" says [channel, address] maybe [],
        /// An address said that it wants the alerts.
        CONFIRMED = "tenant.recipient_confirmed" says [channel, address] maybe [],
    } {
        channel: Option<Channel> = "email",
        address: Option<String> = "sales@abc.example",
    }
}

pub fn facts(facts: &mut Facts) {
    facts.add::<RecipientFact>();
}
