//! What operators agreed with one tenant beyond the rules that hold for everybody.

use validator::Validate;

use super::domain::Domain;
use crate::engine::http::PatchOf;
use crate::tenants::region::Country;

/// What operators agreed with the tenant; what is absent or empty is as for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"link_domains": ["abc.example.com"], "sms_countries": ["AE"], "home_country": null, "people_a_day": 500, "unanswered_a_day": null, "invitations_a_day": null, "alerts_an_hour": null}))]
pub struct Agreed {
    /// Links in messages may lead there and below: the tenant's own, as operators have checked.
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub link_domains: Vec<Domain>,
    /// SMS goes there besides the tenant's own country (ISO 3166-1 alpha-2).
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub sms_countries: Vec<Country>,
    /// The country whose numbers SMS takes for the tenant's own: the one it was in when it first moved after it was verified, or what
    /// operators say; absent: `country`.
    pub home_country: Option<Country>,
    /// People to write to in a day on the tenant's own word.
    pub people_a_day: Option<u32>,
    /// Messages to one person that nobody answered; twice as many in a week.
    pub unanswered_a_day: Option<u32>,
    pub invitations_a_day: Option<u32>,
    /// To one address.
    pub alerts_an_hour: Option<u32>,
}

impl Agreed {
    /// May links lead to this address?
    pub fn allows_link(&self, url: &str) -> bool {
        let Ok(url) = url::Url::parse(url) else { return false };
        let Some(host) = url.host_str().map(str::to_lowercase) else { return false };
        self.link_domains.iter().any(|domain| domain.holds(&host))
    }
}

/// A part of what is agreed.
pub type AgreedPatch = PatchOf<Agreed>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_agreed_domains_and_below_only() {
        let merged = |domains: &[&str]| {
            let part = serde_json::json!({ "link_domains": domains });
            serde_json::from_value::<AgreedPatch>(part).unwrap().merged_into(None, "/agreed")
        };
        let agreed = merged(&["ABC.example.com."]).unwrap();
        for good in ["https://abc.example.com", "https://app.abc.example.com/x", "http://abc.example.com:8080"] {
            assert!(agreed.allows_link(good), "{good}");
        }
        for bad in [
            "https://xabc.example.com",
            "https://abc.example.com.evil.example",
            "https://evil.example/abc.example.com",
            "https://abc.example.com@evil.example",
            "nonsense",
        ] {
            assert!(!agreed.allows_link(bad), "{bad}");
        }
        for wrong in ["a b", "com", "10.0.0.1", ""] {
            let error = merged(&["abc.example.com", wrong]).unwrap_err();
            assert_eq!(error.field_errors()[0].pointer, "/agreed/link_domains/1", "{wrong}");
        }
        let many = merged(&["abc.example.com"; 51]).unwrap_err();
        assert_eq!(many.field_errors()[0].pointer, "/agreed/link_domains");
    }
}
