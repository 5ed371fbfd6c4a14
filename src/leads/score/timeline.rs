//! When a person wants to buy, read from what they typed or chose.
//!
//! Up to two weeks counts as immediate. Of a range the later end counts ("3-6 months" is 3 to 6); of an open one the
//! earlier end ("6+ months" is later). Text that names no time is `None`, never a guess; that it is not now is said too
//! ("later", "बाद में"). `timeline_words.json` lists the words of many languages.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::base::phrases::{self, Phrases};
use crate::base::unicode;

crate::text_enum! {
    /// How soon a lead intends to decide.
    pub enum Timeline {
        /// At once, or within two weeks.
        Immediate = "immediate",
        WithinThreeMonths = "within_3_months",
        ThreeToSixMonths = "3_to_6_months",
        /// More than six months away.
        Later = "after_6_months",
        /// Has no date in mind.
        Exploring = "exploring",
    }
}

const TWO_WEEKS: u64 = 14;
const THREE_MONTHS: u64 = 93;
const SIX_MONTHS: u64 = 186;
/// Lifts 90 and 180 days, as people say for three and six months of up to 31, over the limits above.
const DAYS_OPEN: u64 = 14;

impl Timeline {
    /// Reads free text such as "Within 3 months", "ASAP" or "Just exploring".
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > 400 {
            return None;
        }
        let words = words(text);
        let says = |kind: fn(&Word) -> bool| words.iter().any(kind);
        if says(|word| matches!(word, Word::Exploring)) {
            return Some(Self::Exploring);
        }
        if says(|word| matches!(word, Word::Immediate)) {
            return Some(Self::Immediate);
        }
        let is_put_off = says(|word| matches!(word, Word::Later));
        let Some(days) = days(&words).ok()? else { return is_put_off.then_some(Self::Exploring) };
        // An open time begins at its number, so it belongs to the range above: "3+ months" (or 90 days) to 3 to 6.
        let is_open = !says(|word| matches!(word, Word::Closed)) && says(|word| matches!(word, Word::Open));
        let days = if is_open { days.saturating_add(DAYS_OPEN) } else { days };
        Some(if days <= TWO_WEEKS {
            Self::Immediate
        } else if days <= THREE_MONTHS {
            Self::WithinThreeMonths
        } else if days <= SIX_MONTHS {
            Self::ThreeToSixMonths
        } else {
            Self::Later
        })
    }
}

/// A word or number of the text that says something; the others are passed over.
#[derive(Clone, Copy)]
enum Word {
    Exploring,
    Immediate,
    /// No time, but not now.
    Later,
    /// A time after the number named, not within it.
    Open,
    /// The contrary, though it may sound alike: "no later than".
    Closed,
    /// In tenths.
    Number(u64),
    /// One, unless a number follows: an article, or a word like "within" in languages without articles.
    A,
    /// An article in English and a year in French.
    An,
    /// As `A`, before its unit or behind it.
    Next,
    Half,
    /// So many days.
    Unit(u64),
    /// So many days, without a number.
    Span(u64),
}

#[derive(serde::Deserialize)]
struct Listed {
    exploring: Vec<String>,
    immediate: Vec<String>,
    later: Vec<String>,
    open: Vec<String>,
    closed: Vec<String>,
    a: Vec<String>,
    an: Vec<String>,
    next: Vec<String>,
    half: Vec<String>,
    numbers: BTreeMap<u64, Vec<String>>,
    units: BTreeMap<u64, Vec<String>>,
    spans: BTreeMap<u64, Vec<String>>,
}

/// `timeline_words.json`: add words there, with an example in the tests.
static LISTED: LazyLock<Listed> = LazyLock::new(|| {
    serde_json::from_str(include_str!("timeline_words.json")).expect("the words of timelines are lists of texts")
});

static PHRASES: LazyLock<Phrases<Word>> = LazyLock::new(|| {
    let listed = &*LISTED;
    let plain = [
        (&listed.exploring, Word::Exploring),
        (&listed.immediate, Word::Immediate),
        (&listed.closed, Word::Closed),
        (&listed.later, Word::Later),
        (&listed.open, Word::Open),
        (&listed.next, Word::Next),
        (&listed.half, Word::Half),
        (&listed.an, Word::An),
    ];
    let spans = listed.spans.iter().map(|(days, words)| (words, Word::Span(*days)));
    let units = listed.units.iter().map(|(days, words)| (words, Word::Unit(*days)));
    let numbers = listed.numbers.iter().map(|(number, words)| (words, Word::Number(number * 10)));
    let all = plain.into_iter().chain(spans).chain(units).chain(numbers).chain([(&listed.a, Word::A)]);
    Phrases::new(all.flat_map(|(words, word)| words.iter().map(move |text| (text.as_str(), word))))
});

fn words(text: &str) -> Vec<Word> {
    let letters: Vec<char> = phrases::letters(text).into_iter().map(unicode::decimal).collect();
    let (mut words, mut at) = (Vec::new(), 0);
    while let Some(letter) = letters.get(at) {
        if letter.is_ascii_digit() {
            let (end, number) = number(&letters, at);
            words.push(Word::Number(number));
            at = end;
        } else if let Some((end, word)) = PHRASES.at(&letters, at) {
            words.push(word);
            at = end;
        } else {
            at += 1;
        }
    }
    words
}

/// Digits with one decimal, in tenths. What is too long for a number of days is endless.
fn number(letters: &[char], start: usize) -> (usize, u64) {
    let digits = |from: usize| letters[from..].iter().take_while(|c| c.is_ascii_digit()).collect::<String>();
    let whole = digits(start);
    let end = start + whole.len();
    let tenths = whole.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(10);
    let has_decimals = matches!(letters.get(end), Some('.' | ','));
    let decimals = if has_decimals { digits(end + 1) } else { String::new() };
    match decimals.chars().next().and_then(|first| first.to_digit(10)) {
        Some(first) => (end + 1 + decimals.len(), tenths.saturating_add(first.into())),
        None => (end, tenths),
    }
}

/// More of a unit is a calendar year, or nonsense.
const MOST: u64 = 10 * 1_900;

/// The words name a time, and it cannot be told which.
struct Unclear;

/// The last time that the words name, in days.
fn days(words: &[Word]) -> Result<Option<u64>, Unclear> {
    let (mut days, mut number, mut unit): (Option<u64>, Option<u64>, Option<u64>) = (None, None, None);
    // An article gives way to every number.
    let (mut is_article, mut is_half) = (false, false);
    for word in words {
        let word = match *word {
            Word::An if number.is_some() && !is_article => Word::Unit(365),
            Word::An => Word::A,
            word => word,
        };
        match word {
            Word::Number(tenths) if is_half && tenths > 10 => return Err(Unclear),
            Word::Number(_) if is_half => {}
            Word::Number(tenths) => (number, is_article, unit) = (Some(tenths), false, None),
            Word::Next if number.is_none() && unit.is_some() => days = unit.take(),
            Word::A | Word::Next if number.is_none() => (number, is_article) = (Some(10), true),
            Word::Half if number.is_some() && !is_article => return Err(Unclear),
            Word::Half => (number, is_article, is_half) = (Some(5), false, true),
            Word::Unit(length) => match number.take() {
                Some(tenths) if tenths >= MOST => return Err(Unclear),
                Some(tenths) => (days, is_half) = (Some((tenths * length).div_ceil(10)), false),
                None => unit = Some(length),
            },
            Word::Span(length) => (days, number) = (Some(length), None),
            _ => {}
        }
    }
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::Timeline::{self, *};

    #[test]
    fn reads_what_people_answer() {
        for (text, expected) in [
            ("Immediately", Some(Immediate)),
            ("immediate", Some(Immediate)),
            ("ASAP!", Some(Immediate)),
            ("Right away please", Some(Immediate)),
            ("Within a week", Some(Immediate)),
            ("in 2 weeks", Some(Immediate)),
            ("10 days", Some(Immediate)),
            ("Within 3 months", Some(WithinThreeMonths)),
            ("3 months", Some(WithinThreeMonths)),
            ("within_3_months", Some(WithinThreeMonths)),
            ("Next 3 months", Some(WithinThreeMonths)),
            ("next month", Some(WithinThreeMonths)),
            ("1-3 months", Some(WithinThreeMonths)),
            ("3m", Some(WithinThreeMonths)),
            ("90 days", Some(WithinThreeMonths)),
            ("after 1 month", Some(WithinThreeMonths)),
            ("3-6 months", Some(ThreeToSixMonths)),
            ("3–6 Months", Some(ThreeToSixMonths)),
            ("3_to_6_months", Some(ThreeToSixMonths)),
            ("three to six months", Some(ThreeToSixMonths)),
            ("3+ months", Some(ThreeToSixMonths)),
            ("after 3 months", Some(ThreeToSixMonths)),
            ("6 months", Some(ThreeToSixMonths)),
            ("no later than 3 months", Some(WithinThreeMonths)),
            ("not now", Some(Exploring)),
            ("90+ days", Some(ThreeToSixMonths)),
            ("after 180 days", Some(Later)),
            ("6+ months", Some(Later)),
            ("after_6_months", Some(Later)),
            ("6-12 months", Some(Later)),
            ("next year", Some(Later)),
            ("Just exploring", Some(Exploring)),
            ("not immediately, just looking", Some(Exploring)),
            ("No rush", Some(Exploring)),
            ("", None),
            ("3", None),
            ("when my flat is sold", None),
            ("I don't know", None),
            ("half a year", Some(ThreeToSixMonths)),
            ("1.5 months", Some(WithinThreeMonths)),
            ("a couple of weeks", Some(Immediate)),
            ("a few months", Some(WithinThreeMonths)),
            ("one and a half years", None),
            ("March 2027", None),
            ("2027 years", None),
            ("later", Some(Exploring)),
            ("99999999999 months", None),
        ] {
            assert_eq!(Timeline::read(text), expected, "{text}");
        }
    }

    #[test]
    fn reads_what_people_answer_in_their_languages() {
        let table = "immediate: sofort; asap; in 2 weeks; so bald wie möglich; nächste Woche; in einer Woche; tout de suite; \
            dès que possible; la semaine prochaine; dans 10 jours; próxima semana; la semana que viene; cuanto antes; ahora mismo; \
            o mais rápido possível; imediatamente; em 2 semanas; subito; il prima possibile; entro una settimana; zo snel mogelijk; \
            volgende week; binnen 2 weken; od zaraz; jak najszybciej; za 2 tygodnie; срочно; через неделю; в течение 10 дней; \
            hemen; 2 hafta içinde; haftaya; فوراً; الآن; خلال أسبوع; خلال أسبوعين; तुरंत; अभी; 2 हफ्ते में; एक सप्ताह; এখনই; ৭ দিনের মধ্যে; \
            segera; minggu depan; dalam 2 minggu; ngay lập tức; tuần sau; trong 2 tuần; ทันที; ภายใน 2 สัปดาห์; すぐに; 2週間以内; 来週; \
            马上; 尽快; 两周内; 下週; 盡快; 최대한 빨리; 2주 이내; 다음 주; snarast; nästa vecka; inom 2 veckor\n\
            within_3_months: within 3 months; nächsten Monat; in einem Monat; in den nächsten drei Monaten; dans un mois; le mois prochain; \
            d'ici 2 mois; dentro de 3 meses; el próximo mes; el mes que viene; en un mes; no próximo mês; mês que vem; em 3 meses; \
            entro un mese; il mese prossimo; tra due mesi; binnen 3 maanden; volgende maand; w ciągu 3 miesięcy; za miesiąc; w przyszłym miesiącu; innerhalb eines Monats; bulan ini; \
            в течение месяца; через 2 месяца; в следующем месяце; 3 ay içinde; gelecek ay; bir ay; خلال شهر; خلال 3 أشهر; الشهر القادم; \
            شهرين; 3 महीने में; अगले महीने; तीन महीने; ৩ মাসের মধ্যে; bulan depan; dalam 3 bulan; tháng sau; trong 3 tháng; เดือนหน้า; \
            ภายใน 3 เดือน; 3ヶ月以内; 来月; 三个月内; 下个月; 3個月內; 3개월 이내; 다음 달; inom 3 månader; nästa månad\n\
            3_to_6_months: 3-6 Monate; 3 bis 6 Monate; in einem halben Jahr; dans 6 mois; de 3 à 6 mois; de 3 a 6 meses; 3-6 mesi; \
            3 tot 6 maanden; 6 miesięcy; полгода; 3-6 месяцев; 6 ay; ستة أشهر; 6 महीने; ৬ মাস; 6 bulan; 6 tháng; 6 เดือน; 半年; 半年以内; \
            六个月; 6개월; 반년; 6 månader; más de 3 meses; mehr als 3 Monate; 3ヶ月以上\n\
            after_6_months: in einem Jahr; nächstes Jahr; dans un an; l'année prochaine; el próximo año; em um ano; tra un anno; \
            über ein Jahr; volgend jaar; za rok; через год; 1 yıl; خلال سنة; अगले साल; tahun depan; 1 năm; 1 ปี; 来年; 1年; 明年; 내년; \
            1년; nästa år; plus de 6 mois; más de 6 meses\n\
            exploring: बाद में; später; plus tard; más adelante; mais tarde; più avanti; later; pas pressé; keine Eile; sin prisa; \
            sem pressa; geen haast; не спешу; acelem yok; لاحقاً; कोई जल्दी नहीं; পরে; nanti; chưa biết; ยังไม่แน่ใจ; 検討中; 不急; 나중에; senare\n\
            -: wenn das Haus verkauft ist; cuando venda mi casa; 3月; 2027年; mal sehen wie; ?; +919876543210";
        for line in table.lines() {
            let (code, texts) = line.trim().split_once(": ").unwrap();
            for text in texts.split("; ") {
                assert_eq!(Timeline::read(text).map_or("-", Timeline::as_str), code, "{text}");
            }
        }
    }

    #[test]
    fn reads_its_own_codes() {
        for timeline in Timeline::ALL {
            assert_eq!(Timeline::read(timeline.as_str()), Some(*timeline));
        }
    }
}
