//! What operators agreed with one tenant beyond the rules that hold for everybody.

use crate::base::FieldError;
use crate::tenants::region::Country;

/// What operators agreed with the tenant; what is absent or empty is as for everybody.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"link_domains": ["abc.example.com"], "sms_countries": ["AE"], "home_country": null, "people_a_day": 500, "unanswered_a_day": null, "invitations_a_day": null, "alerts_an_hour": null}))]
pub struct Agreed {
    /// Links in messages may lead there and below: the tenant's own, as operators have checked.
    pub link_domains: Vec<String>,
    /// SMS goes there besides the tenant's own country (ISO 3166-1 alpha-2).
    pub sms_countries: Vec<String>,
    /// The country whose numbers SMS takes for the tenant's own: the one it was in when it first moved after it was verified, or what
    /// operators say; absent: `country`.
    pub home_country: Option<String>,
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
        let is_below = |domain: &String| {
            host.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        self.link_domains.iter().any(is_below)
    }
}

crate::patch! {
    /// A merge-patch of what is agreed: absent keeps, null goes back to what holds for everybody, a list replaces the list.
    #[schema(example = json!({"link_domains": ["abc.example.com"], "people_a_day": 500}))]
    pub struct AgreedPatch of Agreed {
        pub link_domains: Patch<Vec<String>>,
        pub sms_countries: Patch<Vec<Country>>,
        pub home_country: Patch<Country>,
        pub people_a_day: Patch<u32>,
        pub unanswered_a_day: Patch<u32>,
        pub invitations_a_day: Patch<u32>,
        pub alerts_an_hour: Patch<u32>,
    }
}

/// Domains and countries of one tenant.
const MOST: usize = 50;

impl AgreedPatch {
    /// # Errors
    /// What is no domain, and lists that are too long, below `/agreed`.
    pub fn agree(mut self, agreed: &mut Agreed) -> Result<(), Vec<FieldError>> {
        self.apply(agreed);
        let mut errors = Vec::new();
        for (index, domain) in agreed.link_domains.iter_mut().enumerate() {
            match url::Host::parse(domain.trim().trim_end_matches('.')) {
                Ok(url::Host::Domain(host)) if host.contains('.') || host == "localhost" => *domain = host,
                _ => {
                    let pointer = format!("/agreed/link_domains/{index}");
                    errors.push(FieldError::new(pointer, "invalid_value", "expected a domain such as abc.example.com"));
                }
            }
        }
        for (name, count) in
            [("link_domains", agreed.link_domains.len()), ("sms_countries", agreed.sms_countries.len())]
        {
            if count > MOST {
                let rule = format!("expected at most {MOST} entries");
                errors.push(FieldError::new(format!("/agreed/{name}"), "too_long", rule));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_agreed_domains_and_below_only() {
        let mut agreed = Agreed::default();
        let patch: AgreedPatch =
            serde_json::from_value(serde_json::json!({"link_domains": ["ABC.example.com."]})).unwrap();
        patch.agree(&mut agreed).unwrap();
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
        let wrong: AgreedPatch =
            serde_json::from_value(serde_json::json!({"link_domains": ["a b", "com", "10.0.0.1"]})).unwrap();
        assert_eq!(wrong.agree(&mut agreed).unwrap_err().len(), 3);
    }
}
