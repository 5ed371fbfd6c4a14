//! What an answer tells about a person, guessed from the words of its question.
//!
//! Lead forms of the ad platforms and leads entered by the API ask the same things in many words; both are read here.

crate::text_enum! {
    /// What an answer tells about the lead.
    pub enum Meaning {
        Name = "name",
        Email = "email",
        Phone = "phone",
        Company = "company",
        /// Where the person is.
        Location = "location" | "city",
        Budget = "budget",
        Timeline = "timeline",
        /// Where the person wants to be.
        Areas = "areas" | "preferred_areas",
        FirstTime = "first_time",
        Industry = "industry",
    }
}

impl Meaning {
    /// Guesses from the words of a key or a label: "When are you looking to buy?" is about the timeline.
    pub fn of_words(text: &str) -> Option<Self> {
        let words = words(text);
        let line = format!(" {} ", words.join(" "));
        let says = |phrases: &[&str]| phrases.iter().any(|phrase| line.contains(&format!(" {phrase} ")));
        Some(if says(&["first time", "firsttime"]) {
            Self::FirstTime
        } else if says(&["budget", "price range", "price", "how much"]) {
            Self::Budget
        } else if says(&["timeline", "when", "how soon", "time frame", "timeframe"]) {
            Self::Timeline
        } else if says(&["area", "areas", "location", "locations", "locality", "localities", "neighbourhood"]) {
            Self::Areas
        } else if says(&["company", "company name", "business name", "organisation", "organization"]) {
            Self::Company
        } else if says(&["city"]) {
            Self::Location
        } else if says(&["industry"]) {
            Self::Industry
        } else {
            return None;
        })
    }
}

/// Lower-case words of letters and digits; an apostrophe joins, everything else parts.
pub fn words(text: &str) -> Vec<String> {
    let text = text.to_lowercase().replace(['\'', '’'], "");
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_string).collect()
}

/// Letters and digits only, as names are compared.
pub fn bare(text: &str) -> String {
    text.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect()
}
