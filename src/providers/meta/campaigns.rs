//! Pausing and resuming ad campaigns (ad sets and ads take the same call), and their daily budget.

use async_trait::async_trait;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;

use super::GraphApi;
use super::PROVIDER;
use crate::base::money::Money;
use crate::providers::http::Repeat;
use crate::providers::{BudgetControl, CampaignControl, ErrorClass, ProviderError, Running};

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

    fn set_budget_request(&self, id: &str, to: Money) -> Result<RequestBuilder, ProviderError> {
        Ok(self.request(Method::POST, id)?.form(&[("daily_budget", minor_units(to)?.to_string())]))
    }

    async fn update(&self, request: RequestBuilder) -> Result<(), ProviderError> {
        let answer = self.call(request).await?;
        match answer.json::<Updated>() {
            Some(Updated { success: true }) => Ok(()),
            Some(_) => {
                Err(ProviderError::new(PROVIDER, ErrorClass::Permanent, "not_updated", "Meta answered success: false"))
            }
            None => Err(answer.unreadable(PROVIDER, Repeat::Harmless)),
        }
    }
}

/// Budgets are whole numbers by Meta's own table of offsets, which is not that of ISO 4217: a hundredth, except for the
/// currencies named here, and the Kuwaiti dinar, which has none.
fn minor_units(money: Money) -> Result<i64, ProviderError> {
    let code = money.currency.code();
    let offset = match code {
        "JPY" | "KRW" | "VND" | "CLP" | "COP" | "CRC" | "HUF" | "IDR" | "ISK" | "PYG" | "TWD" => 1,
        "KWD" => {
            let message = "Meta takes no budgets in KWD";
            return Err(ProviderError::new(PROVIDER, ErrorClass::Permanent, "currency", message));
        }
        _ => 100,
    };
    let units = i128::from(money.amount) * offset / 10_i128.pow(money.currency.exponent());
    i64::try_from(units)
        .map_err(|_| ProviderError::new(PROVIDER, ErrorClass::Permanent, "amount", "the budget is too large"))
}

#[async_trait]
impl CampaignControl for GraphApi {
    async fn set_campaign_status(&self, external_campaign_id: &str, to: Running) -> Result<(), ProviderError> {
        self.update(self.set_status_request(external_campaign_id, to)?).await
    }
}

#[async_trait]
impl BudgetControl for GraphApi {
    async fn set_daily_budget(&self, external_campaign_id: &str, to: Money) -> Result<(), ProviderError> {
        self.update(self.set_budget_request(external_campaign_id, to)?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::crypto::Secret;
    use crate::providers::{MetaSettings, fixtures};

    #[test]
    fn budgets_count_in_metas_own_units() {
        let money = |amount, code: &str| Money::new(amount, code.parse().unwrap());
        assert_eq!(minor_units(Money::inr(10_000)).unwrap(), 10_000);
        assert_eq!(minor_units(money(1_500, "JPY")).unwrap(), 1_500);
        assert_eq!(minor_units(money(150_000, "TWD")).unwrap(), 1_500, "ISO says two decimals, Meta none");
        assert_eq!(minor_units(money(12_345, "BHD")).unwrap(), 1_234, "ISO says three decimals, Meta two");
        assert!(minor_units(money(1, "KWD")).is_err());
    }

    #[test]
    fn a_budget_travels_as_the_sdk_writes_it() {
        let settings = MetaSettings { access_token: Some(Secret::new("EAAx")), ..Default::default() };
        let graph = GraphApi::from_settings(&settings, &fixtures::clients()).unwrap().unwrap();
        let request = graph.set_budget_request("120210000000000001", Money::inr(50_000)).unwrap().build().unwrap();
        let body = request.body().and_then(|body| body.as_bytes()).unwrap();
        let captured = fixtures::captured("meta", "adset_create")["body"]["daily_budget"].as_str().unwrap().to_string();
        assert_eq!(body, format!("daily_budget={captured}").as_bytes());
    }

    #[test]
    fn pausing_is_the_request_the_sdk_makes() {
        let settings = MetaSettings {
            version: "v26.0".into(),
            access_token: Some(Secret::new("EAAx")),
            app_secrets: vec![Secret::new("app-secret")],
            ..Default::default()
        };
        let graph = GraphApi::from_settings(&settings, &fixtures::clients()).unwrap().unwrap();
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
