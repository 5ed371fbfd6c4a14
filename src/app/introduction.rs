//! The document's introduction: `introduction.md`, with its numbers from where they hold.

use super::permissions;
use crate::config::{MEGABYTES_PER_DAY, REQUESTS_PER_MINUTE};
use crate::engine::db::{PageSize, tombstones};
use crate::engine::http;
use crate::tenants::access::ACCESS_TOKEN_SECONDS;
use crate::tenants::session::{IDLE_DAYS, OVERLAP_SECONDS};

const TEXT: &str = include_str!("introduction.md");

/// The text with every `{{name}}` filled.
pub(super) fn text() -> String {
    let values = [
        ("access_token_minutes", (ACCESS_TOKEN_SECONDS / 60).to_string()),
        ("refresh_days", IDLE_DAYS.to_string()),
        ("overlap_seconds", OVERLAP_SECONDS.to_string()),
        ("permissions", permissions::matrix()),
        ("page_most", PageSize::MOST.to_string()),
        ("page_default", PageSize::DEFAULT.to_string()),
        ("tombstone_days", tombstones::KEPT_DAYS.to_string()),
        ("idempotency_hours", http::once::KEPT_HOURS.to_string()),
        ("requests_per_minute", REQUESTS_PER_MINUTE.to_string()),
        ("megabytes_per_day", MEGABYTES_PER_DAY.to_string()),
        ("body_kilobytes", (http::MAX_BODY / 1024).to_string()),
        ("body_depth", http::MAX_DEPTH.to_string()),
        ("header_kilobytes", (http::pipeline::MAX_HEADER_BYTES / 1024).to_string()),
        ("request_seconds", http::pipeline::TIME_LIMIT.as_secs().to_string()),
    ];
    values.iter().fold(TEXT.trim_end().to_string(), |text, (name, value)| {
        debug_assert!(TEXT.contains(&format!("{{{{{name}}}}}")), "the introduction says nothing of {name}");
        text.replace(&format!("{{{{{name}}}}}"), value)
    })
}

#[cfg(test)]
mod tests {
    use super::OVERLAP_SECONDS;

    #[test]
    fn refreshing_twice_is_told_alike_wherever_it_is_told() {
        let document: serde_json::Value = serde_json::from_str(super::super::docs::DOCUMENT).expect("JSON");
        let operation = document["paths"]["/v1/auth/refresh"]["post"]["description"].to_string();
        let refused = super::super::refusals::all().into_iter().find(|one| one.code == "auth.refresh_reused");
        let refused = refused.expect("it is in the catalogue").why.to_string();
        for told in [super::text(), operation, refused] {
            assert!(told.contains(&format!(" {OVERLAP_SECONDS} s")), "{told}");
        }
    }

    #[test]
    fn every_number_is_filled_in() {
        let text = super::text();
        assert!(!text.contains("{{") && !text.contains("}}"), "{text}");
        for said in [
            "15 minutes",
            "lives 30 days",
            "`limit` is 1 to 200, 50 by default",
            "Within 24 hours",
            "1024 KiB, 32 levels deep",
        ] {
            assert!(text.contains(said), "{said}");
        }
    }
}
