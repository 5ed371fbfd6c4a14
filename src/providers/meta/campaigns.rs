//! Pausing and resuming ad campaigns (ad sets and ads take the same call).

use async_trait::async_trait;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;

use super::GraphApi;
use crate::providers::http::Repeat;
use crate::providers::{CampaignControl, ErrorClass, ProviderError, Running};

#[derive(Deserialize)]
struct Updated {
    success: bool,
}

impl GraphApi {
    fn set_status_request(&self, id: &str, to: Running) -> Result<RequestBuilder, ProviderError> {
        let status = match to {
            Running::Active => "ACTIVE",
            Running::Paused => "PAUSED",
        };
        Ok(self.request(Method::POST, id)?.form(&[("status", status)]))
    }
}

#[async_trait]
impl CampaignControl for GraphApi {
    async fn set_campaign_status(&self, external_campaign_id: &str, to: Running) -> Result<(), ProviderError> {
        let provider = super::graph::PROVIDER;
        let answer = self.call(self.set_status_request(external_campaign_id, to)?).await?;
        match answer.json::<Updated>() {
            Some(Updated { success: true }) => Ok(()),
            Some(_) => {
                Err(ProviderError::new(provider, ErrorClass::Permanent, "not_updated", "Meta answered success: false"))
            }
            None => Err(answer.unreadable(provider, Repeat::Harmless)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crypto::Secret;
    use crate::providers::{MetaSettings, fixtures};

    #[test]
    fn pausing_is_the_request_the_sdk_makes() {
        let settings = MetaSettings {
            version: "v26.0".into(),
            access_token: Some(Secret::new("EAAx")),
            app_secrets: vec![Secret::new("app-secret")],
            ..Default::default()
        };
        let graph = GraphApi::from_settings(&settings, std::time::Duration::from_secs(1)).unwrap().unwrap();
        let captured = fixtures::captured("meta", "campaign_pause");
        let request = graph.set_status_request("120210000000000001", Running::Paused).unwrap().build().unwrap();
        assert_eq!(request.method().as_str(), captured["method"]);
        assert_eq!(request.headers()["content-type"].to_str().unwrap(), captured["headers"]["content-type"]);
        let path = captured["path"].as_str().unwrap().split('?').next().unwrap().trim_end_matches('/');
        assert_eq!(request.url().path(), path);
        let body = request.body().and_then(|body| body.as_bytes()).unwrap();
        let pairs: std::collections::BTreeMap<String, String> =
            url::form_urlencoded::parse(body).into_owned().collect();
        assert_eq!(serde_json::json!(pairs), captured["body"]);
    }
}
