//! `leadwright config`: what every setting is, and where it was said. Nothing secret is shown, and nothing is made or opened.

use serde_json::json;

use crate::config::{Config, Fallback, Kind, PREFIX, SETTINGS, Setting, Source};

/// One line of it.
struct Line {
    setting: &'static Setting,
    value: String,
    origin: String,
}

pub(super) fn run(source: &Source, json: bool) -> super::Outcome {
    let lines: Vec<Line> = SETTINGS.iter().map(|setting| line(setting, source)).collect();
    if json {
        let told = |line: &Line| {
            let name = format!("{PREFIX}{}", line.setting.name);
            let is_secret = line.setting.kind != Kind::Plain;
            json!({ "name": name, "value": line.value, "origin": line.origin, "secret": is_secret, "meaning": line.setting.meaning })
        };
        let report = json!({ "settings": lines.iter().map(told).collect::<Vec<_>>(), "unknown": source.unknown() });
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        let width = lines.iter().map(|line| line.value.chars().count()).filter(|width| *width < 50).max().unwrap_or(0);
        for Line { setting, value, origin } in &lines {
            println!("{PREFIX}{:<28} {value:<width$}  {origin}", setting.name);
        }
        for name in source.unknown() {
            println!("{name:<39} is no setting: nobody reads it");
        }
    }
    Config::check(source)?;
    Ok(())
}

fn line(setting: &'static Setting, source: &Source) -> Line {
    let (value, origin) = match (source.get(setting.name), source.origin(setting.name), setting.default) {
        (Some(value), Some(origin), _) => (shown(setting.kind, value), origin.to_string()),
        (_, _, Fallback::Is(value)) => (value.to_string(), "default".into()),
        (_, _, Fallback::Follows(from)) => (followed(setting.name, source), format!("default: {from}")),
        (_, _, Fallback::Required(when)) => ("-".into(), format!("required {when}")),
        (_, _, Fallback::None) => ("-".into(), "not set".into()),
    };
    Line { setting, value, origin }
}

/// What follows from other settings.
fn followed(name: &str, source: &Source) -> String {
    let public = source.get("PUBLIC_URL").map(str::to_string);
    let public = public.unwrap_or_else(|| format!("http://{}", source.get("BIND").unwrap_or("127.0.0.1:8080")));
    if name == "APP_URL" || name == "PUBLIC_URL" { public } else { "-".into() }
}

fn shown(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Plain => value.to_string(),
        Kind::Secret => "•••• (set)".into(),
        Kind::HoldsPassword => without_password(value),
    }
}

/// A password stands before the last @ of the place, or in a parameter of this name.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return "•••• (set)".into() };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let place = match place.rsplit_once('@') {
        Some((user, host)) => format!("{}:••••@{host}", user.split(':').next().unwrap_or_default()),
        None => place.to_string(),
    };
    let hidden = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default();
        if name.to_ascii_lowercase().contains("pass") { format!("{name}=••••") } else { pair.to_string() }
    };
    let query = query.map(|query| format!("?{}", query.split('&').map(hidden).collect::<Vec<_>>().join("&")));
    format!("{scheme}://{place}{}", query.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        for (url, told) in [
            ("postgres://me:hush@db:5432/x?sslmode=require", "postgres://me:••••@db:5432/x?sslmode=require"),
            ("postgres://me:hu@sh@db/x", "postgres://me:••••@db/x"),
            (
                "postgres://db/x?user=me&password=hush&sslpassword=hush",
                "postgres://db/x?user=me&password=••••&sslpassword=••••",
            ),
            ("sqlite://data/leadwright.db", "sqlite://data/leadwright.db"),
            ("hush", "•••• (set)"),
        ] {
            assert_eq!(without_password(url), told);
        }
    }

    #[test]
    fn a_line_says_what_holds_and_where_it_was_said() {
        let mut source = Source::default();
        source.set("BIND", "0.0.0.0:80").set("SMTP_URL", "smtp://me:hush@host");
        let told = |name: &str| {
            let setting = SETTINGS.iter().find(|setting| setting.name == name).expect("a setting");
            let Line { value, origin, .. } = line(setting, &source);
            (value, origin)
        };
        let pair = |value: &str, origin: &str| (value.to_string(), origin.to_string());
        assert_eq!(told("BIND"), pair("0.0.0.0:80", "command"));
        assert_eq!(told("SMTP_URL"), pair("•••• (set)", "command"));
        assert_eq!(told("DATABASE_POOL"), pair("8", "default"));
        assert_eq!(told("APP_URL"), pair("http://0.0.0.0:80", "default: LEADWRIGHT_PUBLIC_URL"));
        assert_eq!(told("OPERATOR_KEY"), pair("-", "not set"));
    }
}
