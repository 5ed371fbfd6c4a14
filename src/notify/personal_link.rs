//! E-mails whose link lets whoever holds it in: it is put into them when they are handed to the provider, and stands in no row,
//! event or log. What the e-mails are about is in [`super::invitation`] and [`super::verification`].

use super::model::NotificationKind;
use super::queue::{Words, put};
use super::store::Delivery;
use crate::base::Result;
use crate::base::id::EventId;
use crate::contacts::Channel;
use crate::engine::db::TenantTx;
use crate::language::{Letter, Look, Reader, Values, escaped};

/// What stands for the link until the e-mail leaves.
const LINK: &str = "[personal link]";

/// What such an e-mail is.
pub(super) struct Personal {
    pub kind: NotificationKind,
    pub letter: Letter,
    pub reader: Reader,
    pub look: Look,
    pub values: Values,
}

impl Personal {
    /// Puts it on its way, once per event.
    pub fn send(self, tx: &mut TenantTx<'_>, event: EventId, to: String) -> Result<()> {
        let Self { kind, letter, reader, look, values } = self;
        let content = reader.letter(letter, &values, Some(LINK), &look)?.into();
        put(
            tx,
            Words { event, kind, template_code: letter.code(), content, lead_received_at: None },
            Channel::Email,
            to,
        )
    }
}

/// The e-mail as its receiver reads it: text and HTML.
pub(super) struct Opened {
    pub text: String,
    pub html: Option<String>,
}

impl Opened {
    pub fn by(delivery: &Delivery, link: &str) -> Self {
        let html = delivery.html.as_ref().map(|html| html.replace(LINK, &escaped(link)));
        Self { text: delivery.body.replace(LINK, link), html }
    }
}
