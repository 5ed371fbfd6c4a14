//! What an answer tells about a person, guessed from the words of its question.
//!
//! Lead forms of the ad platforms and leads entered by the API ask the same things in many words; both are read here.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::base::phrases::Phrases;

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

/// What the words of a question ask for, as `meaning_words.json` lists them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    FirstTime,
    Budget,
    Timeline,
    Areas,
    Company,
    /// How many, how large: of a company or a team.
    Size,
    City,
    Industry,
    PostalCode,
}

const LISTS: [(&str, Asked); 9] = [
    ("first_time", Asked::FirstTime),
    ("budget", Asked::Budget),
    ("timeline", Asked::Timeline),
    ("areas", Asked::Areas),
    ("company", Asked::Company),
    ("size", Asked::Size),
    ("location", Asked::City),
    ("industry", Asked::Industry),
    ("postal_code", Asked::PostalCode),
];

static WORDS: LazyLock<Phrases<Asked>> = LazyLock::new(|| {
    let lists: HashMap<String, Vec<String>> =
        serde_json::from_str(include_str!("meaning_words.json")).expect("the words of meanings are lists of texts");
    let list = |name: &str| lists.get(name).map(Vec::as_slice).unwrap_or_default();
    Phrases::new(LISTS.iter().flat_map(|(name, asked)| list(name).iter().map(|text| (text.as_str(), *asked))))
});

impl Meaning {
    /// Guesses from the words of a key or a label, in many languages: "When are you looking to buy?" is about the timeline.
    pub fn of_words(text: &str) -> Option<Self> {
        let asked = asked(text);
        let says = |what: Asked| asked.contains(&what);
        Some(if says(Asked::FirstTime) {
            Self::FirstTime
        } else if says(Asked::Budget) {
            Self::Budget
        } else if says(Asked::Timeline) {
            Self::Timeline
        } else if says(Asked::Areas) {
            Self::Areas
        } else if says(Asked::Company) && !says(Asked::Size) {
            Self::Company
        } else if says(Asked::City) {
            Self::Location
        } else if says(Asked::Industry) {
            Self::Industry
        } else {
            return None;
        })
    }
}

/// What the words of a question ask for; a hyphen parts words as a blank does.
fn asked(question: &str) -> Vec<Asked> {
    WORDS.all(&question.replace(['-', '\u{2010}', '\u{2011}', '\u{2013}'], " "))
}

/// Whether an answer is a postal code, by the words of its question and its shape.
pub fn is_postal_code(question: &str, answer: &str) -> bool {
    let has_shape = answer.chars().count() <= 12 && answer.chars().any(char::is_numeric);
    has_shape && asked(question).contains(&Asked::PostalCode)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_of_many_languages_are_understood() {
        let table = "budget: What is your budget?|how_much_do_you_want_to_spend|Wie hoch ist Ihr Budget?|In welchem Preisrahmen?|\
            Quel est votre budget ?|¿Cuál es su presupuesto?|Qual é o seu orçamento?|Faixa de preço|Qual è il tuo budget?|Wat is uw budget?|\
            Jaki jest Twój budżet?|Bütçeniz nedir?|ما هي ميزانيتك؟|आपका बजट क्या है?|আপনার বাজেট কত?|Berapa anggaran Anda?|\
            Ngân sách của bạn là bao nhiêu?|งบประมาณของคุณ|ご予算はいくらですか|您的预算是多少？|您的預算是多少？|예산이 얼마인가요?|Какой у вас бюджет?|Vad är din budget?\n\
            timeline: When are you looking to buy?|Wann möchten Sie einziehen?|Quand souhaitez-vous acheter ?|¿Cuándo quiere comprar?|\
            Quando pretende comprar?|Quando vuoi comprare?|Wanneer wilt u kopen?|Kiedy chcesz kupić?|Ne zaman almak istiyorsunuz?|\
            متى تريد الشراء؟|आप कब खरीदना चाहते हैं?|আপনি কবে কিনতে চান?|Kapan Anda ingin membeli?|Khi nào bạn muốn mua?|คุณต้องการซื้อเมื่อไหร่|\
            購入希望時期はいつですか|您什么时候购买？|您什麼時候購買？|언제 구매하시나요?|Когда планируете покупку?|När vill du köpa?\n\
            company: Company name|Welche Firma?|Nom de votre société|Nombre de la empresa|Nome da empresa|Qual è la tua azienda?|Naam van uw bedrijf|\
            Nazwa Twojej firmy|Şirketinizin adı|اسم شركتك|आपकी कंपनी|আপনার কোম্পানির নাম|Nama perusahaan Anda|Tên công ty của bạn|ชื่อบริษัทของคุณ|御社名|\
            您的公司名称|您的公司名稱|회사 이름|Название вашей компании|Ditt företag\n\
            location: Which city?|In welcher Stadt wohnen Sie?|Dans quelle ville habitez-vous ?|¿En qué ciudad vive?|Em que cidade você mora?|\
            In quale città vivi?|In welke stad woont u?|W jakim mieście mieszkasz?|Hangi şehirde yaşıyorsunuz?|في أي مدينة تعيش؟|आप किस शहर में रहते हैं?|\
            আপনি কোন শহরে থাকেন?|Di kota mana Anda tinggal?|Bạn ở thành phố nào?|คุณอยู่เมืองไหน|お住まいの都市|您在哪个城市？|您在哪個城市？|어느 도시에 사시나요?|\
            В каком городе вы живёте?|Vilken stad bor du i?\n\
            -: Which project?|Wie viele Mitarbeiter hat Ihr Unternehmen?|How many people work at your company?|What shall we bring?|Notes|Bemerkungen";
        for line in table.lines() {
            let (meaning, questions) = line.trim().split_once(": ").unwrap();
            for question in questions.split('|') {
                assert_eq!(Meaning::of_words(question).map_or("-", Meaning::as_str), meaning, "{question}");
            }
        }
        assert!(is_postal_code("Wie lautet Ihre PLZ?", "10115") && is_postal_code("आपका पिन कोड?", "411001"));
        assert!(!is_postal_code("Wie lautet Ihre PLZ?", "weiß nicht") && !is_postal_code("Which project?", "10115"));
    }
}
