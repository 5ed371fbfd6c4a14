//! Who appears in the story. Addresses, numbers and platform ids carry a number of the run, so that the story can be
//! played again on the same database.

use serde_json::{Value, json};

pub(super) const BUDGET: &str = "What's your budget?";
pub(super) const TIMELINE: &str = "When are you looking to buy?";
pub(super) const AREAS: &str = "Which areas do you prefer?";
pub(super) const FIRST_TIME: &str = "Are you a first-time buyer?";

const FIRST_NAMES: [&str; 12] =
    ["Aarav", "Vihaan", "Ananya", "Ishaan", "Meera", "Kabir", "Saanvi", "Rohan", "Diya", "Arjun", "Nisha", "Vikram"];
const LAST_NAMES: [&str; 10] =
    ["Mehta", "Kulkarni", "Iyer", "Desai", "Nair", "Joshi", "Shetty", "Kapoor", "Rao", "Bhatt"];
const BUDGETS: [&str; 4] = ["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr", "₹1.5Cr+"];
const TIMELINES: [&str; 4] = ["Immediately", "Within 3 months", "3-6 months", "Just exploring"];
const QUARTERS: [&str; 4] = ["Andheri", "Goregaon", "Malad", "Pune"];

/// The run's own names and numbers.
pub(super) struct Cast {
    run: u32,
    /// How many people of the crowd have appeared.
    appeared: usize,
}

/// Somebody who fills in a form.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub name: String,
    pub email: String,
    /// E.164.
    pub phone: String,
    pub budget: &'static str,
    pub timeline: &'static str,
    pub areas: &'static str,
}

impl Cast {
    pub fn new() -> Self {
        Self { run: rand::random_range(100_000..1_000_000), appeared: 0 }
    }

    pub fn email(&self, name: &str) -> String {
        format!("{name}.{}@example.com", self.run)
    }
    /// An Indian mobile number; `place` is below 1,000.
    pub fn phone(&self, place: usize) -> String {
        format!("+919{}{place:03}", self.run)
    }
    /// An id at an ad platform; `kind` is two digits.
    pub fn platform_id(&self, kind: u8) -> String {
        format!("1202{}{kind:02}", self.run)
    }

    /// The person of the first lead, whose answers match in every respect.
    pub fn priya(&self) -> Person {
        Person {
            name: "Priya Sharma".into(),
            email: self.email("priya.sharma"),
            phone: self.phone(1),
            budget: "₹80L-1Cr",
            timeline: "Within 3 months",
            areas: "Andheri, Goregaon",
        }
    }

    /// The person who comes by Google.
    pub fn amit(&self) -> Person {
        Person {
            name: "Amit Patel".into(),
            email: self.email("amit.patel"),
            phone: self.phone(2),
            budget: "₹60-80L",
            timeline: "Immediately",
            areas: "Malad",
        }
    }

    /// Next people of the crowd, each with another name.
    pub fn crowd(&mut self, count: usize) -> Vec<Person> {
        let from = self.appeared;
        self.appeared += count;
        (from..from + count).map(|place| self.passer_by(place)).collect()
    }

    fn passer_by(&self, place: usize) -> Person {
        // 12 and 10 names give 60 pairs before the step by round moves on; 120 in all.
        let (first, last) = (place % FIRST_NAMES.len(), (place + place / 60) % LAST_NAMES.len());
        let (first, last) = (FIRST_NAMES[first], LAST_NAMES[last]);
        Person {
            name: format!("{first} {last}"),
            email: self.email(&format!("{first}.{last}").to_lowercase()),
            phone: self.phone(100 + place),
            budget: BUDGETS[place % BUDGETS.len()],
            timeline: TIMELINES[place / 4 % TIMELINES.len()],
            areas: QUARTERS[place / 2 % QUARTERS.len()],
        }
    }
}

/// The form with the four sample questions.
pub(super) fn lead_form(name: &str) -> Value {
    json!({
        "name": name,
        "intro": {"title": "Find your dream home", "description": "A few questions, and we find the right 2 BHK for you"},
        "questions": [
            {"type": "full_name"}, {"type": "email"}, {"type": "phone"},
            {"label": BUDGET, "type": "multiple_choice", "options": BUDGETS},
            {"label": TIMELINE, "type": "multiple_choice", "options": TIMELINES},
            {"label": AREAS, "type": "short_answer"},
            {"label": FIRST_TIME, "type": "multiple_choice", "options": ["Yes", "No"]},
        ],
        "thank_you": {"text": "Thank you! ABC Real Estate will contact you within 24 hours."},
    })
}

/// A question as a platform names its field.
fn field(question: &str) -> String {
    question.to_lowercase().replace(' ', "_")
}

impl Person {
    /// The filled form as Meta's Graph API tells it.
    pub fn meta_answers(&self) -> Value {
        let answers = [
            ("full_name".into(), self.name.as_str()),
            ("email".into(), &self.email),
            ("phone_number".into(), &self.phone),
            (field(BUDGET), self.budget),
            (field(TIMELINE), self.timeline),
            (field(AREAS), self.areas),
            (field(FIRST_TIME), "Yes"),
        ];
        answers.into_iter().map(|(name, answer)| json!({"name": name, "values": [answer]})).collect()
    }

    /// The filled form as Google's webhook tells it.
    pub fn google_answers(&self) -> Value {
        json!({
            "FULL_NAME": self.name, "EMAIL": self.email, "PHONE_NUMBER": self.phone,
            field(BUDGET): self.budget, field(TIMELINE): self.timeline,
            field(AREAS): self.areas, field(FIRST_TIME): "No",
        })
    }

    pub fn first_name(&self) -> &str {
        self.name.split(' ').next().unwrap_or(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::phone::Phone;

    #[test]
    fn a_hundred_and_twenty_people_differ_and_can_be_called() {
        let mut cast = Cast::new();
        let crowd = cast.crowd(120);
        let distinct = |of: fn(&Person) -> &String| crowd.iter().map(of).collect::<BTreeSet<_>>().len();
        assert_eq!([distinct(|p| &p.name), distinct(|p| &p.email), distinct(|p| &p.phone)], [120; 3]);
        for person in crowd.iter().chain([&cast.priya(), &cast.amit()]) {
            assert_eq!(Phone::parse(&person.phone, None).unwrap().as_str(), person.phone);
        }
    }

    #[test]
    fn fields_are_named_as_platforms_name_them() {
        assert_eq!(field(TIMELINE), "when_are_you_looking_to_buy?");
        let answers = Cast::new().priya().meta_answers();
        assert_eq!(answers[3], json!({"name": "what's_your_budget?", "values": ["₹80L-1Cr"]}));
    }
}
