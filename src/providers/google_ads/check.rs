//! One read that needs the account, the developer token and the access token to be right.

use serde_json::Value;

use super::GoogleAdsApi;
use super::classify::{PROVIDER, classify};
use crate::providers::Finding;
use crate::providers::http::{self, Repeat};

const NAME: &str = "google_ads: account";

impl GoogleAdsApi {
    pub(crate) async fn check(&self) -> Finding {
        let request =
            self.search_request("SELECT customer.id, customer.descriptive_name, customer.status FROM customer");
        let answer = match http::exchange(PROVIDER, Repeat::Harmless, request).await {
            Ok(answer) if answer.is_success() => answer,
            Ok(answer) => return refused(&classify(&answer)),
            Err(error) => return refused(&error),
        };
        let body: Value = answer.json().unwrap_or_default();
        let customer = &body["results"][0]["customer"];
        let (id, status) = (customer["id"].as_str().unwrap_or("?"), customer["status"].as_str().unwrap_or("UNKNOWN"));
        if status == "ENABLED" {
            return Finding::ok(NAME, format!("the account {id} is reached and enabled"));
        }
        Finding::failed(
            NAME,
            format!("the account {id} is {status}"),
            "Enable it at ads.google.com, or set another in LEADWRIGHT_GOOGLE_ADS_CUSTOMER_ID.",
        )
    }
}

fn refused(error: &crate::providers::ProviderError) -> Finding {
    Finding::refused(
        NAME,
        "LEADWRIGHT_GOOGLE_ADS_ACCESS_TOKEN, LEADWRIGHT_GOOGLE_ADS_DEVELOPER_TOKEN and LEADWRIGHT_GOOGLE_ADS_CUSTOMER_ID",
        error,
    )
}
