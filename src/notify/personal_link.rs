//! E-mails whose link lets whoever holds it in: it is put into the text when the e-mail is handed to the provider, and stands
//! in no row, event or log. What the e-mails are about is in [`super::invitation`] and [`super::verification`].

use std::collections::BTreeMap;

use super::model::NotificationKind;
use super::queue::{Words, put};
use super::store::Delivery;
use crate::base::Result;
use crate::base::id::EventId;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::db::TenantTx;
use crate::sending::templates;
use crate::tenants::Tenant;

/// What stands for the link until the e-mail leaves.
const LINK: &str = "[personal link]";

/// What such an e-mail is.
pub(super) struct Letter {
    pub kind: NotificationKind,
    pub template_code: &'static str,
    /// What the template names besides the link.
    pub values: BTreeMap<&'static str, String>,
}

impl Letter {
    /// Puts it on its way, once per event.
    pub fn send(self, tx: &mut TenantTx<'_>, event: EventId, to: String) -> Result<()> {
        let mut values: BTreeMap<String, String> =
            self.values.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        values.insert("link".into(), LINK.into());
        let rendered = templates::find(self.template_code)?.render(Channel::Email, &values)?;
        let Self { kind, template_code, .. } = self;
        put(tx, Words { event, kind, template_code, rendered, lead_received_at: None }, Channel::Email, to)
    }
}

/// A moment as the tenant's people read it.
pub(super) fn moment(at: Timestamp, tenant: &Tenant) -> String {
    at.utc().with_timezone(&tenant.time_zone).format("%-d %B %Y, %H:%M %Z").to_string()
}

/// The e-mail as its receiver reads it.
pub(super) fn text(delivery: &Delivery, link: &str) -> String {
    delivery.body.replace(LINK, link)
}
