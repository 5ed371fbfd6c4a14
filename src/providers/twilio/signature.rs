//! `X-Twilio-Signature`: HMAC-SHA1 over the URL and the decoded form, or over the URL alone when it carries `bodySHA256`.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use super::parse_form;
use crate::base::crypto::{Secret, constant_time_eq, sha256_hex};

/// The signature of a form under one token, for exactly this URL.
pub fn sign_form(url: &str, pairs: &[(String, String)], token: &Secret) -> String {
    // Names in byte order; of a repeated name every distinct value once, in order. Empty values count.
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in pairs {
        sorted.entry(name).or_default().insert(value);
    }
    let mut text = url.to_string();
    for (name, values) in sorted {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    let mut mac = Hmac::<Sha1>::new_from_slice(token.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

/// The signature of a request whose body is vouched for by `bodySHA256` in its URL.
pub fn sign_url(url: &str, token: &Secret) -> String {
    sign_form(url, &[], token)
}

/// Has a header the form of a signature? What has not is refused before its body is read.
pub fn is_signature(header: Option<&str>) -> bool {
    header.is_some_and(|value| value.len() == 28 && STANDARD.decode(value).is_ok_and(|digest| digest.len() == 20))
}

/// More parameters than any form of Twilio's has: they would be sorted before the signature is known to hold.
const MOST_PARAMETERS: usize = 500;

/// Verifies by content type: JSON by [`verify_json`], everything else as a form by [`verify_form`].
pub fn verify_request(
    url: &str,
    content_type: Option<&str>,
    raw_body: &[u8],
    header: Option<&str>,
    tokens: &[Secret],
) -> bool {
    let json =
        content_type.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("application/json"));
    if json { verify_json(url, raw_body, header, tokens) } else { verify_form(url, raw_body, header, tokens) }
}

/// Accepts a form POST that was signed for `url` (the address Twilio called, as configured there) under any of the tokens.
pub fn verify_form(url: &str, raw_body: &[u8], header: Option<&str>, tokens: &[Secret]) -> bool {
    let separators = raw_body.iter().filter(|byte| **byte == b'&').count();
    separators < MOST_PARAMETERS && matches(url, &parse_form(raw_body), header, tokens)
}

/// Accepts a JSON POST whose URL is signed and whose body hashes to the URL's `bodySHA256`; without that parameter nothing
/// vouches for the body.
pub fn verify_json(url: &str, raw_body: &[u8], header: Option<&str>, tokens: &[Secret]) -> bool {
    let query = url.split_once('#').map_or(url, |(before, _)| before).split_once('?').map_or("", |(_, query)| query);
    let promised = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "bodySHA256");
    let Some((_, promised)) = promised else { return false };
    constant_time_eq(sha256_hex(raw_body).as_bytes(), promised.as_bytes()) && matches(url, &[], header, tokens)
}

fn matches(url: &str, pairs: &[(String, String)], header: Option<&str>, tokens: &[Secret]) -> bool {
    let Some(given) = header.filter(|value| !value.is_empty()) else { return false };
    let urls = with_and_without_port(url);
    tokens
        .iter()
        .filter(|token| !token.is_empty())
        .any(|token| urls.iter().any(|url| constant_time_eq(given.as_bytes(), sign_form(url, pairs, token).as_bytes())))
}

/// Twilio signs the URL with or without its port, depending on the product: both are tried. Done on the text, because
/// normalising the URL would change what was signed.
fn with_and_without_port(url: &str) -> Vec<String> {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    let Some((scheme, rest)) = url.split_once("://") else { return vec![url.to_string()] };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let host_start = authority.rfind('@').map_or(0, |at| at + 1);
    let (user, host_port) = authority.split_at(host_start);
    let host_end = host_port.rfind(':').filter(|colon| host_port.rfind(']').is_none_or(|bracket| bracket < *colon));
    let other = match (host_end, scheme) {
        (Some(colon), _) => format!("{scheme}://{user}{}{path}", &host_port[..colon]),
        (None, "http") => format!("{scheme}://{user}{host_port}:80{path}"),
        (None, _) => format!("{scheme}://{user}{host_port}:443{path}"),
    };
    vec![url.to_string(), other]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::fixtures;

    #[test]
    fn every_recorded_webhook_is_judged_as_recorded() {
        fixtures::check("twilio", |case| {
            let header = case.header("X-Twilio-Signature");
            verify_request(case.text("url"), case.header("Content-Type"), &case.body, header, &[case.secret()])
        });
    }

    #[test]
    fn the_port_may_be_signed_or_not() {
        let token = [Secret::new("12345")];
        for (signed, configured) in [
            ("https://a.example/x?y=1", "https://a.example:443/x?y=1"),
            ("https://a.example:443/x?y=1", "https://a.example/x?y=1"),
            ("http://u:p@[::1]:80/x", "http://u:p@[::1]/x"),
            ("http://127.0.0.1/x", "http://127.0.0.1:8080/x"),
            ("https://a.example", "https://a.example:443"),
        ] {
            let header = sign_form(signed, &[("a".into(), "".into())], &token[0]);
            assert!(verify_form(configured, b"a=", Some(&header), &token), "{signed} / {configured}");
        }
        let header = sign_url("https://a.example:8443/x", &token[0]);
        assert!(
            !verify_form("https://a.example/x", b"", Some(&header), &token),
            "only the scheme's own port is implied"
        );
    }

    #[test]
    fn repeated_names_are_signed_once_per_distinct_value_in_byte_order() {
        let token = Secret::new("t");
        let pair = |name: &str, value: &str| (name.to_string(), value.to_string());
        let given =
            sign_form("u", &[pair("b", "2"), pair("a_", "x"), pair("b", "1"), pair("b", "2"), pair("aB", "y")], &token);
        assert_eq!(given, sign_url("uaBya_xb1b2", &token));
    }

    #[test]
    fn what_is_no_signature_or_no_form_of_twilios_is_told_cheaply() {
        let token = [Secret::new("t")];
        let good = sign_form("u", &[("a".into(), "1".into())], &token[0]);
        assert!(is_signature(Some(&good)));
        for bad in [None, Some(""), Some("AAAA"), Some("!!!!!!!!!!!!!!!!!!!!!!!!!!!!"), Some(&good[1..])] {
            assert!(!is_signature(bad), "{bad:?}");
        }
        let many = "a&".repeat(MOST_PARAMETERS);
        let signed = sign_form("u", &parse_form(many.as_bytes()), &token[0]);
        assert!(!verify_form("u", many.as_bytes(), Some(&signed), &token));
    }

    #[test]
    fn rotation_accepts_both_tokens_and_an_empty_one_accepts_nobody() {
        let header = sign_form("https://a.example/", &[], &Secret::new("old"));
        assert!(verify_form("https://a.example/", b"", Some(&header), &[Secret::new("new"), Secret::new("old")]));
        let header = sign_form("https://a.example/", &[], &Secret::new(""));
        assert!(!verify_form("https://a.example/", b"", Some(&header), &[Secret::new("")]));
    }
}
