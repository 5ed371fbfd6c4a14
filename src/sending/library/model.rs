//! What a template is: its parts, what it is for, and where it stands.

use crate::contacts::Channel;

pub use crate::contacts::consents::MessageClass;

crate::text_enum! {
    /// Where a template stands.
    pub enum TemplateStatus {
        /// It is being written.
        Draft = "draft",
        /// It may be sent.
        Active = "active",
        /// It is not used any more, and its name is free.
        Archived = "archived",
    }
}

impl TemplateStatus {
    /// Its words may be changed.
    pub fn is_open(self) -> bool {
        self != Self::Archived
    }
}

/// Not said: a draft.
impl From<Option<TemplateStatus>> for TemplateStatus {
    fn from(said: Option<TemplateStatus>) -> Self {
        said.unwrap_or(Self::Draft)
    }
}

/// The words of a message before anybody's values are put in. Whoever sends many keeps one, so that a change of the template meanwhile
/// changes none of them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Content {
    pub channel: Channel,
    /// Of an e-mail.
    pub subject: Option<String>,
    /// Plain text. An e-mail without one reads as its HTML does.
    pub body: Option<String>,
    /// Of an e-mail.
    pub html: Option<String>,
    /// What lists of messages show of an e-mail besides its subject; it has HTML then.
    pub preheader: Option<String>,
}

/// A part of [`Content`], by which it is named in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Subject,
    Body,
    Html,
    Preheader,
}

impl Part {
    pub const ALL: [Self; 4] = [Self::Subject, Self::Body, Self::Html, Self::Preheader];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Body => "body",
            Self::Html => "html",
            Self::Preheader => "preheader",
        }
    }

    /// Where it stands in what was sent.
    pub fn pointer(self) -> String {
        format!("/{}", self.as_str())
    }
}

impl Content {
    pub fn part(&self, part: Part) -> Option<&str> {
        let text = match part {
            Part::Subject => &self.subject,
            Part::Body => &self.body,
            Part::Html => &self.html,
            Part::Preheader => &self.preheader,
        };
        text.as_deref()
    }
}
