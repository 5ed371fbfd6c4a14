//! The Graph API connection: address, version, token and proof.

use reqwest::{Client, Method, RequestBuilder};
use url::Url;

use super::classify::classify;
use super::{PROVIDER, appsecret_proof};
use crate::base::crypto::Secret;
use crate::providers::http::{self, Answer, Clients, Repeat};
use crate::providers::{ErrorClass, MetaSettings, ProviderError};

/// Reads leads and steers ad campaigns. Everything it does may be repeated, so a lost answer is always a retry.
pub struct GraphApi {
    client: Client,
    /// Base URL with the version.
    base: Url,
    access_token: Secret,
    proof: Option<String>,
}

impl GraphApi {
    /// `Ok(None)` without an access token.
    ///
    /// # Errors
    /// A sentence naming the variable whose value is wrong.
    pub(crate) fn from_settings(settings: &MetaSettings, clients: &Clients) -> Result<Option<Self>, String> {
        let url = http::base_url("LEADWRIGHT_META_GRAPH_URL", &settings.graph_url)?;
        let Some(access_token) = settings.access_token.clone().filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        let versioned = url.path_segments().and_then(|mut path| path.next_back()).is_some_and(is_version);
        let base = if versioned { url } else { http::under(&url, &[&settings.version]) };
        let proof = settings.app_secrets.first().map(|secret| appsecret_proof(&access_token, secret));
        Ok(Some(Self { client: clients.reaching(&base)?, base, access_token, proof }))
    }

    pub(super) fn request(&self, method: Method, id: &str) -> Result<RequestBuilder, ProviderError> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ProviderError::new(PROVIDER, ErrorClass::Permanent, "invalid_id", "a Meta id is digits only"));
        }
        let request =
            self.client.request(method, http::under(&self.base, &[id])).bearer_auth(self.access_token.expose());
        Ok(match &self.proof {
            Some(proof) => request.query(&[("appsecret_proof", proof)]),
            None => request,
        })
    }

    /// A read of something that is no numbered node (`me/accounts`), on behalf of `token`.
    pub(super) fn read_as(&self, token: &Secret, app_secret: &Secret, path: &[&str], fields: &str) -> RequestBuilder {
        let request = self.client.get(http::under(&self.base, path)).bearer_auth(token.expose());
        request.query(&[("fields", fields), ("appsecret_proof", &appsecret_proof(token, app_secret))])
    }

    pub(super) fn access_token(&self) -> &Secret {
        &self.access_token
    }

    pub(super) async fn call(&self, request: RequestBuilder) -> Result<Answer, ProviderError> {
        let answer = http::exchange(PROVIDER, Repeat::Harmless, request).await?;
        if answer.is_success() { Ok(answer) } else { Err(classify(&answer)) }
    }
}

/// `v25.0`
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
