//! What the answers of an ad platform's form say: who the person is, and what a lead has fields for.
//!
//! Grounds differ in what they carry. A field that goes by a platform's own name, in whatever language, is what its name says;
//! so is an answer that reads as an address or a number beside words that ask for one. What the tenant declares of a question
//! (`type`, `maps_to`) is a hint, and so is an address that stands somewhere by itself: shown as the lead's e-mail, but no
//! ground for who the person is, what it costs or what is hidden. One choice of several is never an address.
//!
//! Every answer that did not become the lead's name, e-mail or phone is kept under its question, in the form's order.

use super::form::{LeadForm, Question, QuestionType};
use crate::intake::NewEnquiry;
use crate::intake::fields::{StandardField, is_email, looks_like_phone, says_email, says_phone};
use crate::intake::meaning::Meaning;
use crate::leads::answers;
use crate::leads::contact_details::DetailKind;

/// Characters of one answer that are kept; what is cut is said.
const MOST_OF_ONE: usize = 20_000;
/// Bytes of all answers of one form beyond which each is cut to a few lines.
const MOST_OF_ALL: usize = 256 * 1024;
const MOST_OF_A_LATE_ONE: usize = 200;
/// Characters of a question, a name or an id.
const MOST_OF_A_NAME: usize = 500;

/// One answered field of a form.
pub(super) struct Answer<'a> {
    /// The platform's name of the field.
    pub field: &'a str,
    /// How the platform words the question, where it says so.
    pub label: Option<&'a str>,
    /// What the platform itself says that it asks.
    pub kind: Option<StandardField>,
    pub text: String,
}

/// Which part of a person an answer names.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    First,
    Last,
    Email,
    Phone,
}

/// How we know; the better one first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ground {
    /// By the platform's name of the field.
    Named,
    /// By words of the question and the shape of the answer.
    Worded,
    /// By what the tenant says of the question.
    Declared,
    /// By the answer alone.
    Content,
}

impl Ground {
    fn is_hint(self) -> bool {
        self > Self::Worded
    }
}

/// A field of the lead that is no part of its person.
#[derive(Clone, Copy)]
enum Other {
    State,
    Country,
    PostalCode,
    Is(Meaning),
}

struct Reading {
    part: Option<(Part, Ground)>,
    other: Option<Other>,
    label: String,
}

impl Reading {
    fn of(answer: &Answer<'_>, form: Option<&LeadForm>) -> Self {
        let question = form.and_then(|form| form.question(answer.field));
        let by_name = || StandardField::of_name(answer.field);
        let standard = answer.kind.or_else(by_name).or_else(|| answer.label.and_then(StandardField::of_name));
        let part = part(answer, standard, question);
        let is_person = part.is_some_and(|(_, ground)| ground != Ground::Content);
        let other = if is_person { None } else { other(answer, standard, question) };
        let label = question.and_then(|question| question.label.as_deref()).or(answer.label).unwrap_or(answer.field);
        let is_areas = matches!(other, Some(Other::Is(Meaning::Areas)));
        let says_areas = Meaning::of_words(label) == Some(Meaning::Areas);
        let label = if is_areas && !says_areas { "preferred_areas" } else { label };
        Self { part, other, label: clean(label, MOST_OF_A_NAME) }
    }
}

fn part(answer: &Answer<'_>, standard: Option<StandardField>, question: Option<&Question>) -> Option<(Part, Ground)> {
    use Ground::{Content, Declared, Named, Worded};
    let named = match standard {
        Some(StandardField::FullName) => Some(Part::Name),
        Some(StandardField::FirstName) => Some(Part::First),
        Some(StandardField::LastName) => Some(Part::Last),
        Some(StandardField::Email) => Some(Part::Email),
        Some(StandardField::Phone) => Some(Part::Phone),
        _ => None,
    };
    if let Some(part) = named {
        return Some((part, Named));
    }
    if question.is_some_and(|question| question.kind == QuestionType::MultipleChoice) {
        return None;
    }
    let (is_address, is_number) = (is_email(&answer.text), looks_like_phone(&answer.text));
    let asked_by = [Some(answer.field), answer.label];
    let asks = |says: fn(&str) -> bool| asked_by.into_iter().flatten().any(says);
    if is_address && asks(says_email) {
        return Some((Part::Email, Worded));
    }
    if is_number && asks(says_phone) {
        return Some((Part::Phone, Worded));
    }
    let declared = question.and_then(|question| match question.kind {
        QuestionType::FirstName => Some(Part::First),
        QuestionType::LastName => Some(Part::Last),
        _ => match question.maps_to? {
            Meaning::Name => Some(Part::Name),
            Meaning::Email => Some(Part::Email),
            Meaning::Phone => Some(Part::Phone),
            _ => None,
        },
    });
    match declared {
        Some(Part::Email) if is_address => Some((Part::Email, Declared)),
        Some(Part::Phone) if is_number => Some((Part::Phone, Declared)),
        Some(part @ (Part::Name | Part::First | Part::Last)) if !is_address && !is_number => Some((part, Declared)),
        _ => is_address.then_some((Part::Email, Content)),
    }
}

fn other(answer: &Answer<'_>, standard: Option<StandardField>, question: Option<&Question>) -> Option<Other> {
    let said = question.and_then(|question| match question.kind {
        QuestionType::State => Some(Other::State),
        QuestionType::Country => Some(Other::Country),
        QuestionType::PostalCode => Some(Other::PostalCode),
        _ => question.maps_to.map(Other::Is),
    });
    let by_name = || {
        Some(match standard? {
            StandardField::Company => Other::Is(Meaning::Company),
            StandardField::City => Other::Is(Meaning::Location),
            StandardField::State => Other::State,
            StandardField::Country => Other::Country,
            StandardField::PostalCode => Other::PostalCode,
            _ => return None,
        })
    };
    let by_words = || {
        let is_known = matches!(standard, Some(StandardField::StreetAddress | StandardField::JobTitle));
        let words = [Some(answer.field).filter(|_| !is_known), answer.label];
        words.into_iter().flatten().find_map(Meaning::of_words).map(Other::Is)
    };
    let other = said.or_else(by_name).or_else(by_words)?;
    // An address is no city and no date; a number may be a budget or a postal code and nothing else.
    let is_number = answer.text.starts_with('+') && looks_like_phone(&answer.text);
    let may_be_number = matches!(other, Other::PostalCode | Other::Is(Meaning::Budget));
    let is_plain_number = looks_like_phone(&answer.text) && !answer.text.chars().any(char::is_alphabetic);
    let misfits = is_email(&answer.text) || is_number || (is_plain_number && !may_be_number);
    (!misfits).then_some(other)
}

/// Puts the answers where they belong.
pub(super) fn fill<'a>(enquiry: &mut NewEnquiry, given: impl Iterator<Item = Answer<'a>>, form: Option<&LeadForm>) {
    let given: Vec<Answer<'_>> = given.filter(|answer| !answer.text.is_empty()).collect();
    let readings: Vec<Reading> = given.iter().map(|answer| Reading::of(answer, form)).collect();
    let best = |part: Part, is_readable: fn(&str) -> bool| {
        let of_part = readings.iter().enumerate().filter_map(|(index, reading)| {
            let (_, ground) = reading.part.filter(|(known, _)| *known == part)?;
            Some((!is_readable(&given[index].text), ground, index))
        });
        of_part.min().map(|(_, ground, index)| (index, ground))
    };
    let any = |_: &str| true;
    let (email, phone) = (best(Part::Email, is_email), best(Part::Phone, looks_like_phone));
    let full = best(Part::Name, any);
    let halves = if full.is_none() { [best(Part::First, any), best(Part::Last, any)] } else { [full, None] };
    let text = |index: usize| given[index].text.clone();

    let names: Vec<String> = halves.into_iter().flatten().map(|(index, _)| text(index)).collect();
    enquiry.name = (!names.is_empty()).then(|| names.join(" "));
    enquiry.email = email.map(|(index, _)| text(index));
    enquiry.is_email_hint = email.is_some_and(|(_, ground)| ground.is_hint());
    enquiry.phone = phone.map(|(index, _)| text(index));
    enquiry.is_phone_hint = phone.is_some_and(|(_, ground)| ground.is_hint());

    let told = [email, phone].into_iter().chain(halves).flatten();
    let told: Vec<usize> = told.filter(|(_, ground)| *ground != Ground::Content).map(|(index, _)| index).collect();
    for (index, (answer, reading)) in given.iter().zip(&readings).enumerate() {
        if told.contains(&index) {
            continue;
        }
        match reading.part {
            Some((Part::Email, ground)) if ground != Ground::Content => {
                enquiry.also.push((DetailKind::Email, answer.text.clone()));
            }
            Some((Part::Phone, _)) => enquiry.also.push((DetailKind::Phone, answer.text.clone())),
            _ => {}
        }
        if let Some(target) = reading.other.and_then(|other| target(enquiry, other))
            && target.is_none()
        {
            *target = Some(answer.text.clone());
        }
        keep(enquiry, reading, answer);
    }
}

fn target(enquiry: &mut NewEnquiry, other: Other) -> Option<&mut Option<String>> {
    let place = &mut enquiry.location;
    Some(match other {
        Other::State => &mut place.state,
        Other::Country => &mut place.country,
        Other::PostalCode => &mut place.postal_code,
        Other::Is(Meaning::Location) => &mut place.city,
        Other::Is(Meaning::Company) => &mut enquiry.company,
        Other::Is(Meaning::Budget) => &mut enquiry.budget_range,
        Other::Is(Meaning::Timeline) => &mut enquiry.timeline,
        Other::Is(Meaning::Industry) => &mut enquiry.industry,
        Other::Is(Meaning::Name | Meaning::Email | Meaning::Phone | Meaning::Areas | Meaning::FirstTime) => {
            return None;
        }
    })
}

/// Keeps an answer under its question. Two questions of one wording stay apart by their fields, or else by number.
fn keep(enquiry: &mut NewEnquiry, reading: &Reading, answer: &Answer<'_>) {
    let kept = &mut enquiry.form_responses;
    let size: usize = kept.iter().map(|(question, answer)| question.len() + answer.as_str().map_or(8, str::len)).sum();
    let most = if size + answer.text.len() > MOST_OF_ALL { MOST_OF_A_LATE_ONE } else { MOST_OF_ONE };
    let field = clean(answer.field, MOST_OF_A_NAME);
    let is_free = |name: &str| !name.is_empty() && !kept.contains_key(name);
    let question = if is_free(&reading.label) || !is_free(&field) { reading.label.clone() } else { field };
    answers::add(kept, question, cut(&answer.text, most).into());
}

/// A text of at most `most` characters; what it lacks is said at its end.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_string(),
        Some((end, _)) => format!("{}… ({} more characters)", &text[..end], text[end..].chars().count()),
    }
}

/// Without NUL, which no column holds, without blanks at the ends, and not endless.
pub(super) fn clean(text: &str, most: usize) -> String {
    text.replace('\0', "").trim().chars().take(most).collect()
}

/// An answer as it is kept; its length is seen to later.
pub(super) fn spoken(text: &str) -> String {
    text.replace('\0', "").trim().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::time::Timestamp;
    use crate::leads::model::LeadSource;
    use serde_json::json;

    fn read(questions: serde_json::Value, given: &[(&str, &str)]) -> NewEnquiry {
        let form = (!questions.is_null()).then(|| {
            let form = json!({"name": "F", "questions": questions});
            serde_json::from_value::<LeadForm>(form).unwrap().completed("").unwrap()
        });
        let mut enquiry = NewEnquiry::new(LeadSource::MetaAds, Timestamp::from_seconds(0).unwrap());
        let answers = given.iter().map(|(field, text)| Answer { field, label: None, kind: None, text: spoken(text) });
        fill(&mut enquiry, answers, form.as_ref());
        enquiry
    }

    fn who(enquiry: &NewEnquiry) -> [Option<&str>; 3] {
        [enquiry.name.as_deref(), enquiry.email.as_deref(), enquiry.phone.as_deref()]
    }

    #[test]
    fn forms_of_many_languages_say_who_the_person_is() {
        for (name, email, phone) in [
            ("vollständiger_name", "e-mail-adresse", "telefonnummer"),
            ("nombre_completo", "correo_electrónico", "número_de_teléfono"),
            ("nome_e_cognome", "e-mail", "numero_di_telefono"),
            ("nom_complet", "e-mail", "numéro_de_téléphone"),
            ("imię_i_nazwisko", "adres_e-mail", "numer_telefonu"),
            ("氏名", "メールアドレス", "電話番号"),
            ("الاسم_الكامل", "البريد_الإلكتروني", "رقم_الهاتف"),
        ] {
            for form in [json!(null), json!([{"type": "full_name"}, {"type": "email"}, {"type": "phone"}])] {
                let enquiry =
                    read(form, &[(name, "Ana Prueba"), (email, "ana@example.com"), (phone, "+4915123456789")]);
                assert_eq!(
                    who(&enquiry),
                    [Some("Ana Prueba"), Some("ana@example.com"), Some("+4915123456789")],
                    "{name}"
                );
                assert!(!enquiry.is_email_hint && !enquiry.is_phone_hint && enquiry.form_responses.is_empty());
            }
        }
        let halves = read(json!(null), &[("vorname", "Jörg"), ("nachname", "Weiß")]);
        assert_eq!(halves.name.as_deref(), Some("Jörg Weiß"));
        let both = read(json!(null), &[("full_name", "Asha Verma"), ("first_name", "Asha")]);
        assert_eq!((both.name.as_deref(), &both.form_responses["first_name"]), (Some("Asha Verma"), &json!("Asha")));
    }

    #[test]
    fn what_a_tenant_declares_is_a_hint() {
        let questions = json!([
            {"key": "full_name", "type": "full_name", "maps_to": "industry"},
            {"key": "project", "label": "Which project?", "type": "multiple_choice",
                "options": ["sea.view@abc.example", "hill.view@abc.example"], "maps_to": "email"},
            {"key": "phone_number", "type": "phone", "maps_to": "timeline"},
        ]);
        let given =
            [("full_name", "Priya Sharma"), ("project", "sea.view@abc.example"), ("phone_number", "+919876548000")];
        let enquiry = read(questions, &given);
        assert_eq!(who(&enquiry), [Some("Priya Sharma"), None, Some("+919876548000")]);
        assert_eq!((enquiry.timeline.as_ref(), enquiry.industry.as_ref(), enquiry.is_phone_hint), (None, None, false));
        assert_eq!(json!(enquiry.form_responses), json!({"Which project?": "sea.view@abc.example"}));

        for declared in [json!({"maps_to": "email"}), json!({"type": "email"}), json!({})] {
            let mut question = json!({"key": "project", "label": "Which project?"});
            question.as_object_mut().unwrap().extend(declared.as_object().unwrap().clone());
            let enquiry = read(json!([question]), &[("project", "sea.view@abc.example")]);
            assert_eq!((enquiry.email.as_deref(), enquiry.is_email_hint), (Some("sea.view@abc.example"), true));
        }
        let both = read(
            json!([{"key": "a", "label": "A", "maps_to": "email"}]),
            &[("a", "a@example.com"), ("email", "me@example.com")],
        );
        assert_eq!(
            (both.email.as_deref(), both.is_email_hint),
            (Some("me@example.com"), false),
            "the standard field wins"
        );
        let swapped =
            read(json!([{"key": "email", "type": "email", "maps_to": "location"}]), &[("email", "me@example.com")]);
        assert_eq!((swapped.email.as_deref(), swapped.location.city), (Some("me@example.com"), None));
        let misplaced = read(json!([{"key": "q", "label": "Your city?"}]), &[("q", "9876543298")]);
        assert_eq!((misplaced.location.city, misplaced.form_responses.len()), (None, 1), "a number is no city");
    }

    #[test]
    fn the_advertisers_own_words_count_where_the_answer_fits() {
        let enquiry = read(
            json!(null),
            &[
                ("where_may_we_e-mail_you?", "asha@example.com"),
                ("your_whatsapp_number?", "९८७६५ ४३२१०"),
                ("may_we_e-mail_you_offers?", "Yes"),
                ("which_of_these?", "none of the above"),
            ],
        );
        assert_eq!(who(&enquiry), [None, Some("asha@example.com"), Some("९८७६५ ४३२१०")]);
        assert!(!enquiry.is_email_hint && !enquiry.is_phone_hint);
        assert_eq!(
            json!(enquiry.form_responses),
            json!({"may_we_e-mail_you_offers?": "Yes", "which_of_these?": "none of the above"})
        );
    }

    #[test]
    fn an_address_that_can_be_read_is_preferred_and_the_other_stays_visible() {
        let enquiry = read(json!(null), &[("email", "asha@gmail,com"), ("work_email", "asha@work.example")]);
        assert_eq!(enquiry.email.as_deref(), Some("asha@work.example"));
        assert_eq!(enquiry.also, [(DetailKind::Email, "asha@gmail,com".to_string())]);
        assert_eq!(enquiry.form_responses["email"], "asha@gmail,com");
        let typed = read(json!(null), &[("email", "asha at home"), ("phone_number", "98765")]);
        assert_eq!(who(&typed), [None, Some("asha at home"), Some("98765")], "kept as typed, read later");
    }

    /// Whatever the order, the lengths and the repeats: every answer can be read back, in the form's order.
    #[test]
    fn nothing_answered_is_lost() {
        let mut seed = 0x9e37_79b9_u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let fields = [
            "age_of_child",
            "age_of_child",
            "budget",
            "Which area?",
            "email",
            "phone_number",
            "work_email",
            "city",
            "name",
            "x",
        ];
        for round in 0..200 {
            let count = 1 + random(12);
            let given: Vec<(&str, String)> = (0..count)
                .map(|n| {
                    let field = fields[usize::try_from(random(10)).unwrap()];
                    let text = format!("r{round}n{n}{}", "é".repeat(usize::try_from(random(3000)).unwrap()));
                    (field, if field.ends_with("email") { format!("r{round}n{n}@example.com") } else { text })
                })
                .collect();
            let pairs: Vec<(&str, &str)> = given.iter().map(|(field, text)| (*field, text.as_str())).collect();
            let enquiry = read(json!(null), &pairs);
            let fields: Vec<String> = who(&enquiry).into_iter().flatten().map(Into::into).collect();
            let kept: Vec<String> =
                enquiry.form_responses.values().map(|answer| answer.as_str().unwrap().to_string()).collect();
            for (field, text) in &given {
                assert!(fields.contains(text) || kept.contains(text), "{field} {text}");
            }
            let order: Vec<usize> =
                kept.iter().map(|text| given.iter().position(|(_, given)| given == text).unwrap()).collect();
            assert!(order.is_sorted(), "{order:?}");
        }
    }

    #[test]
    fn what_is_cut_says_so() {
        let enquiry = read(json!(null), &[("story", &"é".repeat(30_000))]);
        let kept = enquiry.form_responses["story"].as_str().unwrap();
        assert!(kept.ends_with("… (10000 more characters)"), "{}", &kept[kept.len() - 40..]);
        let long = "x".repeat(19_000);
        let many: Vec<(&str, &str)> = (0..100).map(|_| ("q", long.as_str())).collect();
        let enquiry = read(json!(null), &many);
        assert_eq!(enquiry.form_responses.len(), 100);
        assert!(json!(enquiry.form_responses).to_string().len() < MOST_OF_ALL + 100 * 300);
    }
}
