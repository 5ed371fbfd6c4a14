//! Rows of `templates`.

use diesel::prelude::*;

use super::model::{Content, MessageClass, TemplateStatus};
use crate::base::Result;
use crate::base::bounded::Text;
use crate::base::id::TenantId;
use crate::base::json::Doc;
use crate::base::time::Timestamp;
use crate::contacts::Channel;
use crate::engine::db::Direction::Desc;
use crate::engine::db::{Order, Page, PageRequest, TenantTx, Where};
use crate::sending::id::TemplateId;
use crate::sending::schema::templates;

crate::record! {
    /// A tenant's own template.
    #[derive(PartialEq)]
    pub struct Template of templates,
    /// A message template of the tenant's own.
    #[schema(example = json!({"id": "019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a20", "name": "Festive offer", "channel": "email",
        "message_class": "marketing", "language": "en", "subject": "A gift for {{ first_name | default(\"you\") }}", "body": null,
        "html": "<p>Hi {{ first_name | default(\"there\") }}, see <a href=\"https://abc.example/offer\">our offer</a>.</p><p><a href=\"{{ unsubscribe_url }}\">Unsubscribe</a></p>",
        "preheader": "Until Diwali", "status": "active", "variables": ["first_name", "unsubscribe_url"],
        "created_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:00Z"}))]
    shown as TemplateView {
        pub tenant_id: TenantId,
        shown id: TemplateId,
        /// Unique among those that are not archived, in whatever case.
        shown name: String,
        /// The name, folded.
        pub search: String,
        shown channel: Channel,
        shown message_class: MessageClass,
        /// What it is written in, BCP 47; null where nobody said.
        shown language: Option<String>,
        /// Of an e-mail.
        shown subject: Option<String>,
        /// Plain text; null where it is made from the HTML.
        shown body: Option<String>,
        /// Of an e-mail.
        shown html: Option<String>,
        /// What lists of messages show of an e-mail besides its subject.
        shown preheader: Option<String>,
        shown status: TemplateStatus,
        /// The names of the variables in it, in lower case.
        shown #[schema(value_type = Vec<String>)] variables: Doc<Vec<String>>,
        pub version: i32,
        shown created_at: Timestamp,
        shown updated_at: Timestamp,
    }
}

impl Template {
    /// Its words, as they are now.
    pub fn content(&self) -> Content {
        Content {
            channel: self.channel,
            subject: self.subject.clone(),
            body: self.body.clone(),
            html: self.html.clone(),
            preheader: self.preheader.clone(),
        }
    }
}

crate::rows!(templates: Template, TemplateId, "template" => insert, find, get, hold, save, count, room, delete);

crate::filter! {
    /// Which templates to list.
    pub struct TemplateFilter of templates by change {
        #[param(inline)]
        channel: Option<Channel> => eq channel,
        #[param(inline)]
        message_class: Option<MessageClass> => eq message_class,
        #[param(inline)]
        status: Option<TemplateStatus> => eq status,
        /// Part of a name, in any spelling.
        q: Option<Text<1, 100>> => finds search,
    }
}

/// Newest first, unless by change.
pub fn list(tx: &mut TenantTx<'_>, filter: &TemplateFilter, page: &PageRequest) -> Result<Page<Template>> {
    use templates::{id, tenant_id, updated_at};
    let which = filter.narrow(Where::of(tx, tenant_id));
    let newest = Order::by_id(Desc, id, |row: &Template| row.id);
    let changed = Order::by_change((updated_at, id), |row: &Template| (row.updated_at, row.id));
    tx.page(which, filter.order(newest, changed), page)
}

/// Whether another one that is not archived has this name, which is folded.
pub fn is_named(tx: &mut TenantTx<'_>, name: &str, but: TemplateId) -> Result<bool> {
    let others = templates::table
        .filter(templates::tenant_id.eq(tx.tenant()).and(templates::search.eq(name)))
        .filter(templates::status.ne(TemplateStatus::Archived).and(templates::id.ne(but)));
    Ok(diesel::select(diesel::dsl::exists(others)).get_result(tx.conn())?)
}
