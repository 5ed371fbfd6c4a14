//! Pausing and resuming ad campaigns by `campaigns:mutate`.

use async_trait::async_trait;
use reqwest::{Client, RequestBuilder};
use serde::Deserialize;
use serde_json::json;

use super::classify::{PROVIDER, classify};
use crate::base::crypto::Secret;
use crate::providers::http::{self, Clients, Repeat};
use crate::providers::{CampaignControl, ErrorClass, GoogleAdsSettings, ProviderError, Running};

/// The REST interface of one Google Ads account.
pub struct GoogleAdsApi {
    client: Client,
    mutate_url: url::Url,
    customer_id: String,
    login_customer_id: Option<String>,
    developer_token: Secret,
    access_token: Secret,
}

#[derive(Deserialize)]
struct Mutated {
    results: Vec<MutatedResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MutatedResource {
    resource_name: String,
}

impl GoogleAdsApi {
    /// `Ok(None)` unless account, developer token and access token are all set.
    ///
    /// # Errors
    /// A sentence naming the variable whose value is wrong.
    pub(crate) fn from_settings(settings: &GoogleAdsSettings, clients: &Clients) -> Result<Option<Self>, String> {
        let base = http::base_url("LEADWRIGHT_GOOGLE_ADS_BASE_URL", &settings.base_url)?;
        let customer_id = account("LEADWRIGHT_GOOGLE_ADS_CUSTOMER_ID", settings.customer_id.as_deref())?;
        let login_customer_id =
            account("LEADWRIGHT_GOOGLE_ADS_LOGIN_CUSTOMER_ID", settings.login_customer_id.as_deref())?;
        let (Some(customer_id), Some(developer_token), Some(access_token)) =
            (customer_id, settings.developer_token.clone(), settings.access_token.clone())
        else {
            return Ok(None);
        };
        let mutate_url = http::under(&base, &[&settings.version, "customers", &customer_id, "campaigns:mutate"]);
        let client = clients.reaching(&base)?;
        Ok(Some(Self { client, mutate_url, customer_id, login_customer_id, developer_token, access_token }))
    }

    fn resource(&self, campaign_id: &str) -> Result<String, ProviderError> {
        if campaign_id.is_empty() || !campaign_id.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = "a Google Ads campaign id is digits only";
            return Err(ProviderError::new(PROVIDER, ErrorClass::Permanent, "invalid_id", message));
        }
        Ok(format!("customers/{}/campaigns/{campaign_id}", self.customer_id))
    }

    fn set_status_request(&self, resource: &str, to: Running) -> RequestBuilder {
        let status = match to {
            Running::Active => "ENABLED",
            Running::Paused => "PAUSED",
        };
        self.authorized(self.client.post(self.mutate_url.clone())).json(&json!({
            "operations": [{ "update": { "resourceName": resource, "status": status }, "updateMask": "status" }],
        }))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        let request =
            request.bearer_auth(self.access_token.expose()).header("developer-token", self.developer_token.expose());
        match &self.login_customer_id {
            Some(manager) => request.header("login-customer-id", manager),
            None => request,
        }
    }

    /// A query in Google's language over this account.
    pub(super) fn search_request(&self, query: &str) -> RequestBuilder {
        let mut url = self.mutate_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop().push("googleAds:search");
        }
        self.authorized(self.client.post(url)).json(&json!({ "query": query }))
    }
}

/// An account id, with the dashes people copy from the console removed.
fn account(variable: &str, id: Option<&str>) -> Result<Option<String>, String> {
    let Some(id) = id.map(|id| id.replace('-', "")).filter(|id| !id.is_empty()) else { return Ok(None) };
    if id.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(Some(id))
    } else {
        Err(format!("{variable}: expected digits such as 1234567890"))
    }
}

#[async_trait]
impl CampaignControl for GoogleAdsApi {
    async fn set_campaign_status(&self, external_campaign_id: &str, to: Running) -> Result<(), ProviderError> {
        let resource = self.resource(external_campaign_id)?;
        let answer = http::exchange(PROVIDER, Repeat::Harmless, self.set_status_request(&resource, to)).await?;
        if !answer.is_success() {
            return Err(classify(&answer));
        }
        match answer.json::<Mutated>() {
            Some(done) if done.results.iter().any(|result| result.resource_name == resource) => Ok(()),
            _ => Err(answer.unreadable(PROVIDER, Repeat::Harmless)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    #[test]
    fn pausing_is_the_recorded_request() {
        let settings = GoogleAdsSettings {
            customer_id: Some("123-456-7890".into()),
            login_customer_id: Some("9876543210".into()),
            developer_token: Some(Secret::new("DT")),
            access_token: Some(Secret::new("ya29")),
            ..Default::default()
        };
        let api = GoogleAdsApi::from_settings(&settings, &fixtures::clients()).unwrap().unwrap();
        let resource = api.resource("20000000017").unwrap();
        let request = api.set_status_request(&resource, Running::Paused).build().unwrap();
        let recorded = &fixtures::api("google_ads", "campaign_mutate")["request"];
        assert_eq!(request.url().path(), recorded["path"].as_str().unwrap());
        for (name, value) in recorded["headers"].as_object().unwrap() {
            assert_eq!(request.headers()[name].to_str().unwrap(), value.as_str().unwrap(), "{name}");
        }
        let body: serde_json::Value = serde_json::from_slice(request.body().unwrap().as_bytes().unwrap()).unwrap();
        assert_eq!(body, recorded["body"]);
        assert!(api.resource("1/2").is_err());
    }

    #[test]
    fn half_a_configuration_is_not_connected_and_a_bad_one_is_refused() {
        let settings = GoogleAdsSettings { customer_id: Some("1".into()), ..Default::default() };
        assert!(GoogleAdsApi::from_settings(&settings, &fixtures::clients()).unwrap().is_none());
        let settings = GoogleAdsSettings { customer_id: Some("abc".into()), ..Default::default() };
        let refused = GoogleAdsApi::from_settings(&settings, &fixtures::clients()).err().unwrap();
        assert!(refused.starts_with("LEADWRIGHT_GOOGLE_ADS_CUSTOMER_ID"), "{refused}");
    }
}
