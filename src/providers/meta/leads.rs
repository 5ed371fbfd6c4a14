//! Fetching the lead behind a notification.

use async_trait::async_trait;
use reqwest::Method;

use super::{FormQuestion, GraphApi, MetaLead};
use crate::providers::http::Repeat;
use crate::providers::{ProviderError, lenient};

/// Fetches the personal data behind a lead notification.
#[async_trait]
pub trait LeadFetcher: Send + Sync {
    async fn fetch_lead(&self, leadgen_id: &str) -> Result<MetaLead, ProviderError>;
    /// The questions of a form, in its order.
    async fn fetch_questions(&self, form_id: &str) -> Result<Vec<FormQuestion>, ProviderError>;
}

/// Everything about a lead that we store. Retrieving needs leads_retrieval; a form of another page answers 100/33.
const FIELDS: &str = "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,is_organic,\
                      platform,field_data,custom_disclaimer_responses";

#[async_trait]
impl LeadFetcher for GraphApi {
    async fn fetch_lead(&self, leadgen_id: &str) -> Result<MetaLead, ProviderError> {
        let request = self.request(Method::GET, leadgen_id)?.query(&[("fields", FIELDS)]);
        let answer = self.call(request).await?;
        answer.json().ok_or_else(|| answer.unreadable(super::PROVIDER, Repeat::Harmless))
    }

    async fn fetch_questions(&self, form_id: &str) -> Result<Vec<FormQuestion>, ProviderError> {
        let request = self.request(Method::GET, form_id)?.query(&[("fields", QUESTIONS)]);
        let answer = self.call(request).await?;
        let form: Form = answer.json().ok_or_else(|| answer.unreadable(super::PROVIDER, Repeat::Harmless))?;
        Ok(form.questions)
    }
}

/// What a form asks, by its keys.
const QUESTIONS: &str = "questions{key,label,type,options}";

#[derive(serde::Deserialize)]
struct Form {
    #[serde(default, deserialize_with = "lenient::list")]
    questions: Vec<FormQuestion>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crypto::Secret;
    use crate::providers::{MetaSettings, fixtures};

    #[test]
    fn the_request_is_the_recorded_one() {
        let settings = MetaSettings {
            access_token: Some(Secret::new("EAAx")),
            app_secrets: vec![Secret::new("app-secret")],
            ..Default::default()
        };
        let graph = GraphApi::from_settings(&settings, &fixtures::clients()).unwrap().unwrap();
        let request =
            graph.request(Method::GET, "1231231231230001").unwrap().query(&[("fields", FIELDS)]).build().unwrap();
        let recorded = fixtures::api("meta", "lead_get")["request"]["path"].as_str().unwrap().to_string();
        let (path, query) = recorded.split_once('?').unwrap();
        assert_eq!(request.url().path(), path);
        let fields = request.url().query_pairs().find(|(key, _)| key == "fields").unwrap().1.into_owned();
        assert_eq!(format!("fields={fields}"), query);
        assert!(request.url().query_pairs().any(|(key, value)| key == "appsecret_proof" && value.len() == 64));
        assert_eq!(request.headers()["authorization"], "Bearer EAAx");
        assert!(graph.request(Method::GET, "1/../me").is_err());
    }

    #[test]
    fn a_version_inside_the_url_wins() {
        let settings = MetaSettings {
            graph_url: "https://graph.example.com/v26.0/".into(),
            access_token: Some(Secret::new("t")),
            ..Default::default()
        };
        let graph = GraphApi::from_settings(&settings, &fixtures::clients()).unwrap().unwrap();
        let request = graph.request(Method::GET, "1").unwrap().build().unwrap();
        assert_eq!(request.url().as_str(), "https://graph.example.com/v26.0/1");
    }
}
