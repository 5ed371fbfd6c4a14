//! The one error type, with a public half (kind, dotted code, message, fields) and a private half (its source).
//!
//! The public half becomes an RFC 9457 problem at the HTTP border; the private half is logged there once and never sent.
//! Choose `NotFound` and `Conflict` where the noun is known, so that codes read `lead.not_found`, `ad_campaign.external_form_taken`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// What a caller can do about it. Each kind is one HTTP status (see `engine::http::problem`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request could not be read at all (400).
    Malformed,
    /// The request was read and its values are wrong (422).
    Invalid,
    /// No valid credential (401).
    Unauthenticated,
    /// A valid credential that may not do this (403).
    Forbidden,
    /// Absent, or belongs to another tenant: the two look the same (404).
    NotFound,
    /// The path exists but not with this method (405).
    MethodNotAllowed,
    /// It was there, and is kept no more (410).
    Gone,
    /// The state of the resource forbids it (409).
    Conflict,
    /// `If-Match` does not hold (412).
    PreconditionFailed,
    /// The body is larger than this operation takes (413).
    TooLarge,
    /// The content type is not one this operation reads (415).
    UnsupportedMedia,
    /// Throttled (429).
    TooMany,
    /// A provider failed (502).
    Upstream,
    /// Our own storage is not reachable, or the time limit passed (503).
    Unavailable,
    /// A defect of ours (500).
    Internal,
}

/// One wrong value: where it is, what is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// JSON pointer into the body (`/lead_form/questions/0/label`), or the parameter's name for a query.
    pub pointer: String,
    /// Stable code: `required`, `unknown_field`, `invalid_type`, `invalid_value`, `too_long` …
    pub code: Cow<'static, str>,
    /// A sentence for a person.
    pub detail: String,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code: code.into(), detail: detail.into() }
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// See the module.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    code: Cow<'static, str>,
    message: String,
    fields: Vec<FieldError>,
    retry_after: Option<Duration>,
    source: Option<Source>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

macro_rules! constructors {
    ($($name:ident => $kind:ident),* $(,)?) => {
        $(pub fn $name(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
            Self::new(ErrorKind::$kind, code, message)
        })*
    };
}

impl Error {
    pub fn new(kind: ErrorKind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            code: code.into(),
            message: message.into(),
            fields: Vec::new(),
            retry_after: None,
            source: None,
        }))
    }

    constructors! {
        malformed => Malformed,
        invalid => Invalid,
        unauthenticated => Unauthenticated,
        forbidden => Forbidden,
        not_found => NotFound,
        conflict => Conflict,
        precondition_failed => PreconditionFailed,
        too_many => TooMany,
        upstream => Upstream,
        unavailable => Unavailable,
    }

    /// One wrong field of the body; `pointer` is a JSON pointer such as `/phone`.
    pub fn field(pointer: impl Into<String>, code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(pointer, code, detail)])
    }

    /// Several wrong fields at once: report all that can be found, not only the first.
    pub fn fields(fields: Vec<FieldError>) -> Self {
        let message = match fields.as_slice() {
            [one] if one.pointer.is_empty() => format!("The body: {}", one.detail),
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} values are not valid.", many.len()),
        };
        let mut error = Self::invalid("request.invalid", message);
        error.0.fields = fields;
        error
    }

    /// A defect or a failure of our own machinery. The source is logged; the caller reads only "internal error".
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::new(
            ErrorKind::Internal,
            "internal",
            "Something failed on our side. The request id identifies it in our logs.",
        )
        .with_source(source)
    }

    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub fn with_fields(mut self, fields: Vec<FieldError>) -> Self {
        self.0.fields = fields;
        self
    }

    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }
    pub fn code(&self) -> &str {
        &self.0.code
    }
    pub fn message(&self) -> &str {
        &self.0.message
    }
    pub fn field_errors(&self) -> &[FieldError] {
        &self.0.fields
    }
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The private half as one line, for logs and for a dead job's reason.
    pub fn chain(&self) -> String {
        let mut line = format!("{}: {}", self.0.code, self.0.message);
        let mut next = self.0.source.as_deref().map(|s| s as &dyn std::error::Error);
        while let Some(error) = next {
            line.push_str(": ");
            line.push_str(&error.to_string());
            next = error.source();
        }
        line
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.0.kind, self.chain())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}
