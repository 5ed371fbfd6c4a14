use super::*;

fn form(questions: serde_json::Value) -> Result<LeadForm> {
    let form: LeadForm = serde_json::from_value(serde_json::json!({"name": "F", "questions": questions})).unwrap();
    form.completed("/lead_form")
}

#[test]
fn the_four_sample_questions_find_their_keys_and_meanings() {
    let form = form(serde_json::json!([
        {"type": "full_name"},
        {"label": "What's your budget?", "type": "multiple_choice", "options": ["₹60-80L", "₹80L-1Cr", "₹1-1.5Cr", "₹1.5Cr+"]},
        {"label": "When are you looking to buy?", "type": "multiple_choice", "options": ["Immediately", "Within 3 months", "3-6 months", "Just exploring"]},
        {"label": "Preferred areas in Mumbai?", "type": "short_answer"},
        {"label": "Are you a first-time buyer?", "type": "multiple_choice", "options": ["Yes", "No"]},
    ]))
    .unwrap();
    let found: Vec<_> = form.questions.iter().map(|q| (q.key.as_deref().unwrap(), q.maps_to.unwrap())).collect();
    assert_eq!(
        found,
        [
            ("full_name", Meaning::Name),
            ("whats_your_budget", Meaning::Budget),
            ("when_are_you_looking_to_buy", Meaning::Timeline),
            ("preferred_areas_in_mumbai", Meaning::Areas),
            ("are_you_a_first_time_buyer", Meaning::FirstTime),
        ]
    );
    assert_eq!(form.question("what's_your_budget?").unwrap().maps_to, Some(Meaning::Budget));
    assert_eq!(form.question("Preferred Areas in Mumbai?").unwrap().maps_to, Some(Meaning::Areas));
    assert!(form.question("job_title").is_none());
}

#[test]
fn keys_are_unique_and_what_was_said_wins_over_what_is_guessed() {
    let form = form(serde_json::json!([
        {"label": "Budget?", "maps_to": "timeline"}, {"label": "Budget", "key": "b"}, {"label": "budget!"}, {"label": "¿?"},
    ]))
    .unwrap();
    let keys: Vec<_> = form.questions.iter().map(|q| q.key.clone().unwrap()).collect();
    assert_eq!(keys, ["budget", "b", "budget_2", "question"]);
    assert_eq!(form.questions[0].maps_to, Some(Meaning::Timeline));
    assert_eq!(Meaning::of_words("How many bedrooms, whenever?"), None);
}

#[test]
fn wrong_questions_are_named() {
    let error = form(serde_json::json!([
        {"type": "short_answer"},
        {"label": "A", "type": "multiple_choice", "options": ["one"]},
        {"label": "B", "key": "x"}, {"label": "C", "key": "X?", "options": ["a", "b"]},
    ]))
    .unwrap_err();
    let pointers: Vec<_> = error.field_errors().iter().map(|f| f.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/lead_form/questions/0/label",
            "/lead_form/questions/1/options",
            "/lead_form/questions/3/options",
            "/lead_form/questions/3/key"
        ]
    );
}
