//! The fields that every lead form has, by the names they go by in many languages.
//!
//! The ad platforms name a standard question in the language of its form (`vollständiger_name`, `número_de_teléfono`), and
//! an advertiser may word it otherwise. `field_names.json` lists the names; they are compared by letters and digits alone,
//! without case and accents. Only such a name, or words like "WhatsApp" beside an answer that is a number, make an answer the
//! ground for who a person is. What a tenant says its question means does not: see [`super::NewEnquiry`].

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::base::email::Email;

/// A question the ad platforms ask by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardField {
    FullName,
    FirstName,
    LastName,
    Email,
    Phone,
    Company,
    City,
    State,
    Country,
    PostalCode,
    StreetAddress,
    JobTitle,
}

use StandardField as F;

/// The lists of `field_names.json`.
const LISTS: [(&str, StandardField); 12] = [
    ("full_name", F::FullName),
    ("first_name", F::FirstName),
    ("last_name", F::LastName),
    ("email", F::Email),
    ("phone", F::Phone),
    ("company", F::Company),
    ("city", F::City),
    ("state", F::State),
    ("country", F::Country),
    ("postal_code", F::PostalCode),
    ("street_address", F::StreetAddress),
    ("job_title", F::JobTitle),
];

struct Names {
    exact: HashMap<String, StandardField>,
    email_words: Vec<String>,
    phone_words: Vec<String>,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| {
    let lists: HashMap<String, Vec<String>> =
        serde_json::from_str(include_str!("field_names.json")).expect("the names of fields are lists");
    let list = |name: &str| lists.get(name).map(Vec::as_slice).unwrap_or_default();
    let mut exact = HashMap::new();
    for (name, field) in LISTS {
        for text in list(name) {
            exact.entry(bare(text)).or_insert(field);
        }
    }
    let phrases = |name| list(name).iter().map(|text| line(text)).collect();
    Names { exact, email_words: phrases("says_email"), phone_words: phrases("says_phone") }
});

impl StandardField {
    /// The field a platform means by this name.
    pub fn of_name(name: &str) -> Option<Self> {
        NAMES.exact.get(&bare(name)).copied()
    }
}

/// Whether a question speaks of an e-mail address.
pub fn says_email(question: &str) -> bool {
    says(question, &NAMES.email_words)
}

/// Whether a question speaks of a telephone.
pub fn says_phone(question: &str) -> bool {
    says(question, &NAMES.phone_words)
}

/// An answer that is an e-mail address and nothing else.
pub fn is_email(answer: &str) -> bool {
    answer.parse::<Email>().is_ok()
}

/// An answer that may be a telephone number, in digits of any script: mostly digits, and as many as numbers have.
pub fn looks_like_phone(answer: &str) -> bool {
    let digits = answer.chars().filter(|c| c.is_numeric()).count();
    let letters = answer.chars().filter(|c| c.is_alphabetic()).count();
    (6..=20).contains(&digits) && letters * 2 <= digits && !answer.contains('@')
}

fn says(question: &str, phrases: &[String]) -> bool {
    let question = line(question);
    // Words stand apart by spaces in scripts that have them.
    let is_in = |phrase: &String| {
        if phrase.is_ascii() { question.contains(phrase.as_str()) } else { question.contains(phrase.trim()) }
    };
    phrases.iter().any(is_in)
}

/// Without case, accents and forms of width: "Número" and "NUMERO" are one.
fn folded(text: &str) -> String {
    let lower = text.to_lowercase();
    DecomposingNormalizerBorrowed::new_nfkd().normalize(&lower).to_lowercase()
}

/// Letters and digits only.
fn bare(text: &str) -> String {
    folded(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Words side by side, with a space before and after each. Combining marks are nobody's word end.
fn line(text: &str) -> String {
    let mut line = String::from(" ");
    for letter in folded(text).chars() {
        if letter.is_alphanumeric() {
            line.push(letter);
        } else if (letter.is_ascii() || letter.is_whitespace()) && letter != '\'' && !line.ends_with(' ') {
            line.push(' ');
        }
    }
    if !line.ends_with(' ') {
        line.push(' ');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_names_are_known_in_many_languages() {
        for (field, names) in [
            (
                F::FullName,
                "full_name FULL_NAME vollständiger_name nombre_completo nome_e_cognome nom_complet imię_i_nazwisko 氏名 الاسم_الكامل पूरा_नाम",
            ),
            (F::FirstName, "first_name vorname prénom PRENOM imię voornaam"),
            (F::LastName, "last_name nachname apellidos cognome nom_de_famille achternaam"),
            (
                F::Email,
                "email EMAIL work_email e-mail-adresse E-Mail correo_electrónico correo_electronico adresse_e-mail メールアドレス البريد_الإلكتروني ईमेल 电子邮件",
            ),
            (
                F::Phone,
                "phone_number PHONE_NUMBER telefonnummer número_de_teléfono numéro_de_téléphone numero_di_telefono número_de_telefone telefoonnummer 電話番号 رقم_الهاتف फ़ोन_नंबर फोन_नंबर 电话号码 số_điện_thoại",
            ),
            (F::Company, "company_name firmenname nombre_de_la_empresa"),
            (F::City, "city stadt ciudad città ville cidade"),
            (F::PostalCode, "post_code zip_code postleitzahl código_postal"),
        ] {
            for name in names.split(' ') {
                assert_eq!(StandardField::of_name(name), Some(field), "{name}");
            }
        }
        for other in ["which_project?", "budget", "are_you_a_first_time_buyer?", "none_of_the_above", "", "?"] {
            assert_eq!(StandardField::of_name(other), None, "{other}");
        }
    }

    #[test]
    fn the_advertisers_own_words_are_heard() {
        for question in [
            "Where may we e-mail you?",
            "Your best email:",
            "¿Cuál es su correo electrónico?",
            "ご希望のメールアドレスは",
        ] {
            assert!(says_email(question), "{question}");
        }
        for question in [
            "On which WhatsApp number do you chat?",
            "Ihre Handynummer für Rückfragen",
            "Votre téléphone ?",
            "आपका मोबाइल नंबर",
        ] {
            assert!(says_phone(question), "{question}");
        }
        assert!(!says_phone("How many phones do you sell?") && !says_email("Do you own a mailroom?"));
        assert!(looks_like_phone("९८७६५ ४३२१०") && looks_like_phone("+49 151 2345678 ab"));
        assert!(!looks_like_phone("3 BHK") && !looks_like_phone("a1b2c3d4e5f6g7"));
    }
}
