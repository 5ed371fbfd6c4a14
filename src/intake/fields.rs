//! The fields that every lead form has, by the names they go by in many languages.
//!
//! The ad platforms name a standard question in the language of its form (`vollständiger_name`, `número_de_teléfono`), and
//! an advertiser may word it otherwise. `field_names.json` lists the names; they are compared by letters and digits alone,
//! without case and accents, and without what stands `around` them ("What is your …?"). Only such a name, or words like "WhatsApp" beside an answer that is a number, make an answer the
//! ground for who a person is. What a tenant says its question means does not: see [`super::NewEnquiry`].

use std::collections::HashMap;
use std::sync::LazyLock;

use icu_normalizer::DecomposingNormalizerBorrowed;

use crate::base::email::Email;
use crate::base::phone;
use crate::base::phrases::is_unspaced;

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
    /// Polite and possessive words, the longest first.
    around: Vec<String>,
    /// Words for parts of a name in languages where the family's comes first.
    family_first: Vec<String>,
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
    let phrases = |name| list(name).iter().map(|text| line(text)).collect::<Vec<_>>();
    let mut around = phrases("around");
    around.sort_by_key(|text| std::cmp::Reverse(text.len()));
    Names {
        exact,
        email_words: phrases("says_email"),
        phone_words: phrases("says_phone"),
        around,
        family_first: list("family_first").iter().map(|text| bare(text)).collect(),
    }
});

impl StandardField {
    /// The field a platform means by this name.
    pub fn of_name(name: &str) -> Option<Self> {
        let known = |name: &str| NAMES.exact.get(&bare(name)).copied();
        known(name).or_else(|| known(&core_of(name)))
    }
}

/// A question without the words around what it asks for: "What is your full name?" asks for a full name.
fn core_of(question: &str) -> String {
    let mut text = line(question);
    let mut left = text.len() + 1;
    while text.len() < left {
        left = text.len();
        for words in &NAMES.around {
            let bare = words.trim();
            let is_anywhere = bare.chars().next_back().is_some_and(is_unspaced);
            let cut = if is_anywhere {
                let text = text.trim();
                text.strip_prefix(bare).or_else(|| text.strip_suffix(bare)).map(|rest| format!(" {} ", rest.trim()))
            } else {
                let before = text.strip_prefix(words.as_str()).map(|rest| format!(" {rest}"));
                before.or_else(|| text.strip_suffix(words.as_str()).map(|rest| format!("{rest} ")))
            };
            if let Some(cut) = cut.filter(|cut| !cut.trim().is_empty()) {
                text = cut;
            }
        }
    }
    text
}

/// Whether a question asks for a part of a name in a language of Latin letters where the family's name comes first.
pub fn is_family_first(question: &str) -> bool {
    let is_listed = |text: String| NAMES.family_first.contains(&bare(&text));
    is_listed(question.into()) || is_listed(core_of(question))
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

/// An answer that in whole is a telephone number with its country code: a reader sees so whatever the question was.
pub fn is_international_phone(answer: &str) -> bool {
    phone::is_written_out(answer)
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
        for (field, questions) in [
            (
                F::FullName,
                "What is your full name?|Ihr vollständiger Name|Votre nom complet ?|¿Cuál es su nombre completo?|Adınız Soyadınız|您的姓名|お名前を教えてください|आपका पूरा नाम क्या है?",
            ),
            (F::FirstName, "Your first name|Ihr Vorname|Votre prénom|Il tuo nome di battesimo|Uw voornaam|Twoje imię"),
            (F::LastName, "Please enter your last name|Ihr Nachname|Votre nom de famille|Uw achternaam|Ваша фамилия"),
            (
                F::Phone,
                "What is your phone number?|Ihre Telefonnummer|Bitte Handynummer angeben|Votre numéro de téléphone|Tu número de celular|Uw telefoonnummer|Cep telefonu numaranız|您的手机号码|電話番号を入力してください|आपका मोबाइल नंबर|আপনার মোবাইল নম্বর|Nomor WhatsApp Anda|Số điện thoại của bạn|เบอร์โทรศัพท์ของคุณ|Введите ваш номер телефона|رقم هاتفك|Ditt telefonnummer|휴대폰 번호(필수)",
            ),
            (
                F::Email,
                "What's your email address?|Ihre E-Mail-Adresse|Votre adresse e-mail|Tu correo electrónico|Seu e-mail|Il tuo indirizzo e-mail|Uw e-mailadres|E-posta adresiniz|您的邮箱|メールアドレスをご記入ください|आपका ईमेल|আপনার ইমেইল|Alamat email Anda|Email của bạn|อีเมลของคุณ|Ваш e-mail адрес|بريدك الإلكتروني|Din e-postadress|이메일 주소 (필수)",
            ),
            (
                F::City,
                "What is your city?|Ihre Stadt|Votre ville|Tu ciudad|Sua cidade|La tua città|Uw woonplaats|Şehriniz|Kota Anda|Ваш город|您的城市|আপনার শহর|आपका शहर|مدينتك",
            ),
            (
                F::PostalCode,
                "Your postcode|Ihre Postleitzahl|Votre code postal|Tu código postal|Seu CEP|Uw postcode|Kode pos Anda|邮政编码|郵遞區號|우편번호|Ваш индекс|รหัสไปรษณีย์",
            ),
            (
                F::Company,
                "Your company name|Ihr Unternehmen|Votre entreprise|Nombre de su empresa|Uw bedrijf|您的公司|貴社名|회사명",
            ),
        ] {
            for question in questions.split('|') {
                assert_eq!(StandardField::of_name(question), Some(field), "{question}");
            }
        }
        for other in [
            "what is your",
            "your",
            "which_project?",
            "budget",
            "are_you_a_first_time_buyer?",
            "none_of_the_above",
            "",
            "?",
        ] {
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
