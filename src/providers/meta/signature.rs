//! `X-Hub-Signature-256`, the subscription handshake and `appsecret_proof`.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::base::crypto::{Secret, constant_time_eq};

/// The value Meta puts into `X-Hub-Signature-256`.
pub fn sign(body: &[u8], app_secret: &Secret) -> String {
    format!("sha256={}", hex::encode(digest(app_secret.expose().as_bytes(), body)))
}

/// Has a header the form of a signature? What has not is refused before its body is read.
pub fn is_signature(header: Option<&str>) -> bool {
    let digest = header.and_then(|value| value.strip_prefix("sha256="));
    digest.is_some_and(|text| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Accepts the raw body when the header is `sha256=` + its HMAC under any of the secrets (two during rotation).
/// The SHA-1 header of old is not looked at, and an empty secret accepts nobody.
pub fn verify_signature(raw_body: &[u8], header: Option<&str>, app_secrets: &[Secret]) -> bool {
    let Some(given) = header.and_then(|value| value.strip_prefix("sha256=")).and_then(|text| hex::decode(text).ok())
    else {
        return false;
    };
    app_secrets
        .iter()
        .filter(|secret| !secret.is_empty())
        .any(|secret| constant_time_eq(&given, &digest(secret.expose().as_bytes(), raw_body)))
}

/// The answer to Meta's GET: the challenge when the mode is `subscribe` and the token is ours, else `None` (answer 403).
/// The arguments are the query parameters `hub.mode`, `hub.verify_token` and `hub.challenge`, decoded.
pub fn verify_handshake<'a>(
    mode: Option<&str>,
    token: Option<&str>,
    challenge: Option<&'a str>,
    verify_token: Option<&Secret>,
) -> Option<&'a str> {
    let ours = verify_token?.expose().as_bytes();
    let accepted = mode == Some("subscribe") && constant_time_eq(token?.as_bytes(), ours);
    challenge.filter(|_| accepted)
}

/// Proves to the Graph API that the caller of a token also knows the app secret.
pub fn appsecret_proof(access_token: &Secret, app_secret: &Secret) -> String {
    hex::encode(digest(app_secret.expose().as_bytes(), access_token.expose().as_bytes()))
}

fn digest(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures::{self, Case};

    fn handshake(case: &Case, verify_token: Option<&Secret>) -> Option<String> {
        let url = url::Url::parse(case.text("url")).unwrap();
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let (mode, token, challenge) = (query("hub.mode"), query("hub.verify_token"), query("hub.challenge"));
        verify_handshake(mode.as_deref(), token.as_deref(), challenge.as_deref(), verify_token).map(str::to_string)
    }

    #[test]
    fn every_recorded_webhook_is_judged_as_recorded() {
        fixtures::check("meta", |case| match case.text("scheme") {
            "meta-verify-get" => {
                let answer = handshake(case, Some(&case.secret()));
                if let (Some(answer), Some(expected)) = (&answer, case.meta["expect_response_body"].as_str()) {
                    assert_eq!(answer, expected);
                }
                answer.is_some()
            }
            _ => verify_signature(&case.body, case.header("X-Hub-Signature-256"), &[case.secret()]),
        });
    }

    #[test]
    fn an_unset_token_matches_nothing_not_even_an_empty_one() {
        for case in fixtures::cases("meta").iter().filter(|case| case.text("scheme") == "meta-verify-get") {
            assert_eq!(handshake(case, None), None, "{}", case.name);
            assert_eq!(handshake(case, Some(&Secret::new(""))), None, "{}", case.name);
        }
    }

    #[test]
    fn both_secrets_are_good_during_rotation_and_an_empty_one_never() {
        let (old, new) = (Secret::new("old"), Secret::new("new"));
        let header = sign(b"{}", &old);
        assert!(verify_signature(b"{}", Some(&header), &[new.clone(), old]));
        assert!(!verify_signature(b"{}", Some(&header), &[new]));
        assert!(!verify_signature(b"{}", Some(&header), &[]));
        let empty = Secret::new("");
        assert!(!verify_signature(b"{}", Some(&sign(b"{}", &empty)), &[empty]));
    }

    #[test]
    fn the_proof_is_the_one_the_sdk_sends() {
        let path = fixtures::captured("meta", "campaign_pause")["path"].as_str().unwrap().to_string();
        let captured = path.split("appsecret_proof=").nth(1).unwrap();
        assert_eq!(appsecret_proof(&Secret::new("EAAx"), &Secret::new("s")), captured);
    }
}
