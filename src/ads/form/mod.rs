//! Lead forms: the questions, and what each answer means to a lead.
//!
//! A question has a key (made from its label when none is given) and, where it says something a lead has a field for,
//! a meaning. Platforms write keys their own way ("what_is_your_budget?"), so questions are found by letters and digits alone.

#[cfg(test)]
mod tests;

use validator::Validate;

use crate::base::bounded::Text;
use crate::base::text::{single_line, web_url};
use crate::base::{Error, FieldError, Result};
use crate::engine::http::PatchOf;
use crate::intake::meaning::{bare, words};

pub use crate::intake::meaning::Meaning;

crate::text_enum! {
    /// What Meta should optimise a form for.
    pub enum FormType { MoreVolume = "more_volume", HigherIntent = "higher_intent" }
}

crate::text_enum! {
    /// How a question is answered. The first ones are filled in by the ad platform.
    pub enum QuestionType {
        FullName = "full_name" | "FULL_NAME",
        FirstName = "first_name" | "FIRST_NAME",
        LastName = "last_name" | "LAST_NAME",
        Email = "email" | "EMAIL",
        WorkEmail = "work_email" | "WORK_EMAIL",
        Phone = "phone" | "phone_number" | "PHONE" | "PHONE_NUMBER",
        WorkPhone = "work_phone_number" | "work_phone" | "WORK_PHONE_NUMBER" | "WORK_PHONE",
        City = "city" | "CITY",
        State = "state" | "province" | "STATE" | "PROVINCE",
        Country = "country" | "COUNTRY",
        PostalCode = "post_code" | "postal_code" | "zip" | "POST_CODE" | "POSTAL_CODE" | "ZIP",
        StreetAddress = "street_address" | "STREET_ADDRESS",
        CompanyName = "company_name" | "COMPANY_NAME",
        JobTitle = "job_title" | "JOB_TITLE",
        MultipleChoice = "multiple_choice",
        ShortAnswer = "short_answer" | "CUSTOM",
    }
}

/// What an answer of this kind means, where a lead has a field for it.
fn meaning_of(kind: QuestionType) -> Option<Meaning> {
    Some(match kind {
        QuestionType::FullName => Meaning::Name,
        QuestionType::Email | QuestionType::WorkEmail => Meaning::Email,
        QuestionType::Phone | QuestionType::WorkPhone => Meaning::Phone,
        QuestionType::City => Meaning::Location,
        QuestionType::CompanyName => Meaning::Company,
        _ => return None,
    })
}

/// How the ad platforms word the questions they ask themselves; `None` for one of the advertiser's own.
fn wording(kind: QuestionType) -> Option<&'static str> {
    Some(match kind {
        QuestionType::FullName => "Full name",
        QuestionType::FirstName => "First name",
        QuestionType::LastName => "Last name",
        QuestionType::Email => "Email",
        QuestionType::WorkEmail => "Work email",
        QuestionType::Phone => "Phone number",
        QuestionType::WorkPhone => "Work phone number",
        QuestionType::City => "City",
        QuestionType::State => "State",
        QuestionType::Country => "Country",
        QuestionType::PostalCode => "Post code",
        QuestionType::StreetAddress => "Street address",
        QuestionType::CompanyName => "Company name",
        QuestionType::JobTitle => "Job title",
        QuestionType::MultipleChoice | QuestionType::ShortAnswer => return None,
    })
}

/// What greets the person.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"title": "Find your dream home", "description": "Fill this quick form and we help you find the perfect 2 BHK"}))]
pub struct FormIntro {
    #[validate(length(min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120)]
    pub title: String,
    #[validate(length(max = 1000))]
    #[schema(max_length = 1000)]
    pub description: Option<String>,
}

/// What thanks the person.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Thank you! ABC Real Estate will contact you within 24 hours.", "url": "https://abc.example.com/thank-you"}))]
pub struct ThankYou {
    #[validate(length(min = 1, max = 500))]
    #[schema(min_length = 1, max_length = 500)]
    pub text: String,
    /// Where the person may go next. `{tenant_id}` in it becomes the tenant's id.
    #[validate(custom(function = "web_url"), length(max = 500))]
    #[schema(format = "uri", max_length = 500)]
    pub url: Option<String>,
}

/// One question.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"label": "What's your budget?", "type": "multiple_choice",
    "options": ["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr", "₹1.5Cr+"], "maps_to": "budget"}))]
pub struct Question {
    /// The field's name at the ad platform; made from the label when left out.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub key: Option<String>,
    /// The question as people read it. Optional where the ad platform words it itself.
    #[validate(length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub label: Option<String>,
    #[serde(rename = "type", default = "short_answer")]
    #[schema(default = "short_answer")]
    pub kind: QuestionType,
    /// The choices of a multiple choice.
    #[serde(default)]
    #[validate(length(max = 50))]
    #[schema(max_items = 50)]
    pub options: Vec<Text<1, 120>>,
    /// What the answer means; guessed from key and label when left out. A hint: who a person is follows from the ad
    /// platform's own name of a field and from what was answered.
    pub maps_to: Option<Meaning>,
}

fn short_answer() -> QuestionType {
    QuestionType::ShortAnswer
}
fn more_volume() -> FormType {
    FormType::MoreVolume
}

/// A lead form.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "ABC_Real_Estate_Lead_Form", "form_type": "more_volume",
    "intro": {"title": "Find your dream home", "description": "Fill this quick form"},
    "questions": [
        {"type": "full_name"}, {"type": "email"}, {"type": "phone"},
        {"label": "What's your budget?", "type": "multiple_choice", "options": ["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr", "₹1.5Cr+"]},
        {"label": "When are you looking to buy?", "type": "multiple_choice", "options": ["Immediately", "Within 3 months", "3-6 months", "Just exploring"]},
        {"label": "Preferred areas in Mumbai?", "type": "short_answer"},
        {"label": "Are you a first-time buyer?", "type": "multiple_choice", "options": ["Yes", "No"]}],
    "thank_you": {"text": "Thank you! ABC Real Estate will contact you within 24 hours."}}))]
pub struct LeadForm {
    #[validate(custom(function = "single_line"), length(min = 1, max = 200))]
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    #[serde(default = "more_volume")]
    #[schema(default = "more_volume")]
    pub form_type: FormType,
    #[validate(nested)]
    pub intro: Option<FormIntro>,
    /// Name, e-mail and phone when left out.
    #[serde(default = "contact_questions")]
    #[validate(length(min = 1, max = 50), nested)]
    #[schema(min_items = 1, max_items = 50)]
    pub questions: Vec<Question>,
    /// The platform's privacy policy (`LEADWRIGHT_PRIVACY_POLICY_URL`) when left out.
    #[validate(custom(function = "web_url"), length(max = 500))]
    #[schema(format = "uri", max_length = 500)]
    pub privacy_policy_url: Option<String>,
    /// The platform's privacy policy, which every form links to beside the tenant's own. Set by the server, whatever is sent.
    #[serde(default)]
    #[schema(read_only, format = "uri")]
    pub platform_privacy_policy_url: Option<String>,
    #[validate(nested)]
    pub thank_you: Option<ThankYou>,
}

/// Who the person is.
fn contact_questions() -> Vec<Question> {
    let ask = |kind| Question { key: None, label: None, kind, options: Vec::new(), maps_to: None };
    [QuestionType::FullName, QuestionType::Email, QuestionType::Phone].map(ask).into()
}

/// A part of a lead form. A first form needs its name.
pub type LeadFormPatch = PatchOf<LeadForm>;

impl LeadForm {
    /// A form that asks who the person is and nothing else.
    pub fn plain(name: &str) -> Self {
        Self {
            name: name.into(),
            form_type: FormType::MoreVolume,
            intro: None,
            questions: contact_questions(),
            privacy_policy_url: None,
            platform_privacy_policy_url: None,
            thank_you: None,
        }
    }

    /// Gives every question its key, its label and its meaning.
    ///
    /// # Errors
    /// What is wrong with which question, under `at`.
    pub fn completed(mut self, at: &str) -> Result<Self> {
        let mut problems = Vec::new();
        let mut taken = std::collections::HashSet::new();
        for (index, question) in self.questions.iter_mut().enumerate() {
            let at = format!("{at}/questions/{index}");
            problems.extend(question.problems(&at));
            if let Some(key) = &question.key
                && !taken.insert(bare(key))
            {
                problems.push(FieldError::new(format!("{at}/key"), "repeated", "every question has its own key"));
            }
            question.complete(index);
        }
        if !problems.is_empty() {
            return Err(Error::fields(problems));
        }
        for question in self.questions.iter_mut().filter(|question| question.key.is_none()) {
            let base = slug(question.label.as_deref().unwrap_or_default());
            let fresh = (1..).map(|n| if n == 1 { base.clone() } else { format!("{base}_{n}") });
            question.key = fresh.into_iter().find(|key| taken.insert(bare(key)));
        }
        Ok(self)
    }

    /// The question behind a platform's field name, which may be spelled after its key or its label.
    pub fn question(&self, field: &str) -> Option<&Question> {
        let field = bare(field);
        let is = |text: &Option<String>| text.as_deref().is_some_and(|text| bare(text) == field);
        self.questions.iter().find(|q| is(&q.key)).or_else(|| self.questions.iter().find(|q| is(&q.label)))
    }
}

impl Question {
    fn problems(&self, at: &str) -> Vec<FieldError> {
        let mut problems = Vec::new();
        let is_custom = wording(self.kind).is_none();
        if is_custom && self.label.is_none() {
            problems.push(FieldError::new(format!("{at}/label"), "required", "a question of your own needs its words"));
        }
        if self.key.as_deref().is_some_and(|key| bare(key).is_empty()) {
            problems.push(FieldError::new(format!("{at}/key"), "invalid_value", "a key has letters or digits"));
        }
        let detail = match (self.kind == QuestionType::MultipleChoice, self.options.len()) {
            (true, 0 | 1) => "a multiple choice has at least two options",
            (false, 1..) => "only a multiple choice has options",
            _ => return problems,
        };
        problems.push(FieldError::new(format!("{at}/options"), "invalid_value", detail));
        problems
    }

    fn complete(&mut self, index: usize) {
        let words = || wording(self.kind).map_or_else(|| format!("Question {}", index + 1), str::to_string);
        let label = self.label.get_or_insert_with(words);
        let guess = || self.key.as_deref().and_then(Meaning::of_words).or_else(|| Meaning::of_words(label));
        self.maps_to = self.maps_to.or_else(|| meaning_of(self.kind)).or_else(guess);
    }
}

/// `What's your budget?` → `whats_your_budget`, at most 60 characters.
fn slug(label: &str) -> String {
    let slug: String = words(label).join("_").chars().take(60).collect();
    if slug.is_empty() { "question".into() } else { slug }
}
