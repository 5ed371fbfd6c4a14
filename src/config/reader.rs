//! From text to values, with everything that is wrong collected.

use super::settings::PREFIX;
use super::source::Source;
use crate::base::crypto::Secret;

pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "on" | "1" | "yes" => Some(true),
        "false" | "off" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// Reads typed values and collects what is wrong.
pub(super) struct Reader<'a> {
    source: &'a Source,
    pub wrong: Vec<String>,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a Source) -> Self {
        Self { source, wrong: Vec::new() }
    }
    /// An empty value counts as not set.
    pub fn text(&self, name: &str) -> Option<String> {
        self.source.get(name).map(str::to_string)
    }
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.text(name).map(Secret::new)
    }
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_string).collect()
    }
    pub fn secrets(&self, name: &str) -> Vec<Secret> {
        self.list(name).into_iter().map(Secret::new).collect()
    }
    pub fn refuse(&mut self, name: &str, why: impl std::fmt::Display) {
        self.wrong.push(format!("{PREFIX}{name}: {why}"));
    }
    pub fn parse<T>(&mut self, name: &str, default: T, read: impl FnOnce(&str) -> Result<T, String>) -> T {
        match self.text(name).map(|text| read(&text)) {
            None => default,
            Some(Ok(value)) => value,
            Some(Err(why)) => {
                self.refuse(name, why);
                default
            }
        }
    }
    pub fn flag(&mut self, name: &str, default: bool) -> bool {
        self.parse(name, default, |text| flag(text).ok_or("expected true or false (on or off)".into()))
    }
    pub fn number(&mut self, name: &str, default: u32, range: std::ops::RangeInclusive<u32>) -> u32 {
        self.parse(name, default, |text| {
            let rule = || format!("expected a whole number from {} to {}", range.start(), range.end());
            text.parse().ok().filter(|number| range.contains(number)).ok_or_else(rule)
        })
    }
    pub fn url(&mut self, name: &str, default: &str) -> String {
        self.parse(name, default.to_string(), |text| {
            let url =
                url::Url::parse(text).map_err(|_| "expected a URL such as https://leads.example.com".to_string())?;
            if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || url.query().is_some() {
                return Err("expected an http or https URL without a query".into());
            }
            Ok(text.trim_end_matches('/').to_string())
        })
    }
    pub fn phone(&mut self, name: &str) -> Option<String> {
        self.parse(name, None, |text| {
            crate::base::phone::Phone::parse(text, None).map(|phone| Some(phone.into_string()))
        })
    }
}
