//! The pages that a link opens: plain HTML in the person's language, which asks no other host and runs nothing.

use super::{Choice, Preferences};
use crate::base::Result;
use crate::contacts::AddressChannel;
use crate::language::{Phrase, Reader, escaped, fill};

const STYLE: &str = "body{font-family:system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;line-height:1.5}\
                     label{display:block;margin:.75rem 0}button{font:inherit;padding:.5rem 1.25rem}";

/// Reads what it is told, in their language.
fn text(reader: &Reader, phrase: Phrase, values: &[(&str, &str)]) -> Result<String> {
    let value = |name: &str| values.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
    fill(&reader.phrase(phrase), value)
        .map_err(|name| crate::base::Error::internal(format!("{} is missing its {name}", phrase.code())))
}

fn whole(reader: &Reader, title: &str, body: &str) -> String {
    let (tag, direction) = (reader.words.tag, reader.words.direction());
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"{tag}\" dir=\"{direction}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <style>{STYLE}</style></head>\n<body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    )
}

fn button(text: &str) -> String {
    format!("<p><button type=\"submit\">{}</button></p>", escaped(text))
}

/// A form that is sent to the address of the page.
fn form(inside: &str) -> String {
    format!("<form method=\"post\">{inside}</form>")
}

pub(super) fn ask_to_unsubscribe(reader: &Reader, of: &Preferences, address: &str) -> Result<String> {
    let title = text(reader, Phrase::UnsubscribeTitle, &[])?;
    let ask = text(reader, Phrase::UnsubscribeAsk, &[("tenant", named(of)), ("address", address)])?;
    Ok(whole(reader, &title, &format!("<p>{}</p>{}", escaped(&ask), form(&button(&title)))))
}

pub(super) fn unsubscribed(reader: &Reader, of: &Preferences, address: &str) -> Result<String> {
    let title = text(reader, Phrase::UnsubscribeTitle, &[])?;
    let done = text(reader, Phrase::Unsubscribed, &[("tenant", named(of)), ("address", address)])?;
    Ok(whole(reader, &title, &format!("<p>{}</p>", escaped(&done))))
}

pub(super) fn preferences(reader: &Reader, of: &Preferences, is_saved: bool) -> Result<String> {
    let title = text(reader, Phrase::PreferencesTitle, &[])?;
    let saved = if is_saved { text(reader, Phrase::PreferencesSaved, &[])? } else { String::new() };
    let ask = text(reader, Phrase::PreferencesAsk, &[("tenant", named(of))])?;
    let choices: Result<Vec<String>> = of.choices.iter().map(|choice| line(reader, choice)).collect();
    let save = text(reader, Phrase::PreferencesSave, &[])?;
    let saved = if is_saved { format!("<p><strong>{}</strong></p>", escaped(&saved)) } else { saved };
    let body = format!("{saved}<p>{}</p>{}", escaped(&ask), form(&format!("{}{}", choices?.concat(), button(&save))));
    Ok(whole(reader, &title, &body))
}

fn line(reader: &Reader, choice: &Choice) -> Result<String> {
    let digits: String = choice.address.chars().skip(choice.address.chars().count().saturating_sub(3)).collect();
    let (phrase, value) = match choice.channel {
        AddressChannel::Email => (Phrase::PreferenceEmail, ("address", choice.address.as_str())),
        AddressChannel::Whatsapp => (Phrase::PreferenceWhatsapp, ("digits", digits.as_str())),
        AddressChannel::Sms => (Phrase::PreferenceSms, ("digits", digits.as_str())),
    };
    let (name, text) = (choice.channel.as_str(), escaped(&text(reader, phrase, &[value])?));
    let checked = if choice.is_chosen { " checked" } else { "" };
    Ok(format!("<label><input type=\"checkbox\" name=\"{name}\" value=\"on\"{checked}> {text}</label>"))
}

pub(super) fn not_valid(reader: &Reader) -> Result<String> {
    let title = text(reader, Phrase::PreferencesTitle, &[])?;
    let why = text(reader, Phrase::LinkNotValid, &[])?;
    Ok(whole(reader, &title, &format!("<p>{}</p>", escaped(&why))))
}

fn named(of: &Preferences) -> &str {
    of.tenant.settings.branding.display_name.as_deref().unwrap_or(&of.tenant.name)
}
