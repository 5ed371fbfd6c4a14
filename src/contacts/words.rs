//! The words by which people refuse to be written to, and take it back.
//!
//! A word counts only when it is the whole message, so that "please don't stop" stops nothing. Case, accents, width, invisible
//! characters, punctuation, emoji, a repetition and a polite "please" make no difference; a further word does. English has
//! the words that US carriers and Twilio treat as opt-out by default (<https://help.twilio.com/articles/223134027>), among
//! them REVOKE and OPTOUT since the FCC's rule of April 2025 (47 CFR 64.1200(a)(10)); other languages have those that their
//! carriers and regulators name, and what people write. Where a word means something else as well, refusing is assumed:
//! to be silent by mistake is repaired by START. YES is not among the words of return: people answer questions with it.

use std::collections::HashSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::base::unicode::folded;

/// What a person said about being written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Stop,
    Start,
}

/// A message of refusal is short; whatever is longer is a sentence.
const LONGEST: usize = 60;

const STOP: &[&str] = &[
    // English: carriers and Twilio; "opt out" is compared without its blank.
    "stop",
    "stop all",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "opt out",
    "opt me out",
    "unsubscribe me",
    "remove me",
    "stop messages",
    "stop sms",
    "stop messaging me",
    "stop texting me",
    "do not contact",
    "do not contact me",
    "unsub",
    "unreg",
    "stop messaging",
    "stop texting",
    // Spanish, Portuguese, French, Italian, Romanian.
    "alto",
    "baja",
    "dar de baja",
    "darme de baja",
    "darse de baja",
    "cancelar",
    "detener",
    "parar",
    "pare",
    "desuscribir",
    "sair",
    "descadastrar",
    "remover",
    "arrêt",
    "arrêter",
    "arrêtez",
    "désabonner",
    "désinscrire",
    "désinscription",
    "basta",
    "ferma",
    "fermare",
    "annulla",
    "disiscrivi",
    "disiscrivimi",
    "cancellami",
    "oprire",
    "dezabonare",
    // German, Dutch, Swedish, Danish, Norwegian, Finnish.
    "stopp",
    "stoppen",
    "abmelden",
    "abbestellen",
    "austragen",
    "widerruf",
    "afmelden",
    "uitschrijven",
    "avsluta",
    "avregistrera",
    "afmeld",
    "meld av",
    "avmeld",
    "lopeta",
    "peruuta",
    // Turkish (RET is the word of its law), Polish, Czech, Hungarian, Indonesian, Vietnamese with its marks.
    "ret",
    "çık",
    "dur",
    "durdur",
    "iptal",
    "wypisz",
    "rezygnuję",
    "odhlásit",
    "leiratkozás",
    "berhenti",
    "hủy",
    "dừng",
    "dừng lại",
    "từ chối",
    "tu choi",
    // Russian, Ukrainian, Greek, Hebrew.
    "стоп",
    "отписаться",
    "отписка",
    "отпишите",
    "отмена",
    "відписатися",
    "відписка",
    "διακοπή",
    "הסר",
    "הסרה",
    "עצור",
    // Arabic, Persian, Urdu.
    "توقف",
    "قف",
    "أوقف",
    "بند",
    "إيقاف",
    "ايقاف",
    "إلغاء",
    "إلغاء الاشتراك",
    "الغاء الاشتراك",
    "لغو",
    "لغو۱۱",
    "بند کریں",
    "روکیں",
    // Hindi and Marathi, Bengali, Gujarati, Punjabi, Tamil, Telugu, Kannada, Malayalam.
    "रोकें",
    "रोको",
    "रुकें",
    "रुको",
    "बंद",
    "बंद करें",
    "बंद करो",
    "बन्द",
    "बन्द करें",
    "बन्द करो",
    "बंद करा",
    "थांबवा",
    "থামুন",
    "বন্ধ",
    "বন্ধ করুন",
    "બંધ",
    "બંધ કરો",
    "ਬੰਦ",
    "ਬੰਦ ਕਰੋ",
    "நிறுத்து",
    "நிறுத்தவும்",
    "ఆపు",
    "ఆపండి",
    "ನಿಲ್ಲಿಸಿ",
    "നിർത്തുക",
    // Chinese, Japanese, Korean, Thai.
    "退订",
    "退訂",
    "停止",
    "ストップ",
    "取消",
    "配信停止",
    "解除",
    "수신거부",
    "중지",
    "그만",
    "หยุด",
    "ยกเลิก",
];

const START: &[&str] = &[
    "start",
    "unstop",
    "resume",
    "opt in",
    "subscribe",
    "iniciar",
    "empezar",
    "comenzar",
    "reanudar",
    "alta",
    "começar",
    "retomar",
    "démarrer",
    "reprendre",
    "starten",
    "anmelden",
    "avvia",
    "riprendi",
    "başlat",
    "mulai",
    "старт",
    "начать",
    "почати",
    "ابدأ",
    "بدء",
    "شروع",
    "शुरू",
    "शुरू करें",
    "চালু",
    "શરૂ",
    "தொடங்கு",
    "开始",
    "開始",
    "시작",
    "התחל",
    "เริ่ม",
];

/// What people add without meaning anything else by it.
const POLITE: &[&str] = &[
    "please",
    "pls",
    "plz",
    "thanks",
    "thank you",
    "thx",
    "now",
    "por favor",
    "gracias",
    "obrigado",
    "obrigada",
    "s'il vous plaît",
    "svp",
    "merci",
    "bitte",
    "danke",
    "per favore",
    "grazie",
    "alstublieft",
    "lütfen",
    "пожалуйста",
    "спасибо",
    "कृपया",
    "धन्यवाद",
    "من فضلك",
    "شكرا",
    "لطفا",
];

struct Words {
    stop: HashSet<String>,
    start: HashSet<String>,
    polite: Vec<Vec<String>>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let joined = |list: &[&str]| list.iter().map(|word| tokens(word).concat()).collect();
    Words { stop: joined(STOP), start: joined(START), polite: POLITE.iter().map(|words| tokens(words)).collect() }
});

/// The word a whole message consists of, if it is one.
pub fn word(text: &str) -> Option<Word> {
    if text.chars().take(LONGEST + 1).count() > LONGEST {
        return None;
    }
    let mut said = tokens(text);
    for polite in &WORDS.polite {
        while let Some(at) = said.windows(polite.len()).position(|part| part == polite.as_slice()) {
            said.drain(at..at + polite.len());
        }
    }
    said.dedup();
    // "STOP 36111" names the short code it is sent to.
    if said.len() == 2 && said[1].len() <= 6 && said[1].bytes().all(|c| c.is_ascii_digit()) {
        said.truncate(1);
    }
    let said = said.concat();
    if WORDS.stop.contains(&said) {
        Some(Word::Stop)
    } else if WORDS.start.contains(&said) {
        Some(Word::Start)
    } else {
        None
    }
}

/// Letters and digits in one spelling; what joins two of them (`opt-out`, `s'il`) or cannot be seen parts nothing.
fn tokens(text: &str) -> Vec<String> {
    // What joins two words (`opt-out`, `s'il`) must part none, so it goes before folding.
    let kept = text.nfkd().filter(|c| c.is_alphanumeric() || c.is_whitespace() || is_combining_mark(*c));
    let folded = folded(&kept.collect::<String>());
    folded.split_whitespace().map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_the_whole_message_counts_however_it_is_written() {
        for text in [
            "STOP",
            " stop ",
            "Stop.",
            "StopAll",
            "stop all",
            "unsubscribe",
            "cancel",
            "END",
            "quit!",
            "REVOKE",
            "Revoke.",
            "OPTOUT",
            "opt out",
            "Opt-out",
            "OPT–OUT",
            "ＳＴＯＰ",
            "st\u{200b}op",
            "\u{feff}STOP\u{200e}",
            "S\u{ad}TOP",
            "STOP 🙏",
            "🛑 stop",
            "Stop please",
            "please stop",
            "PLS STOP!!!",
            "stop, thank you.",
            "stop stop STOP",
            "\"STOP\"",
            "ARRÊT",
            "arret",
            "Arre\u{302}t",
            "ALTO",
            "Baja",
            "SAIR",
            "PARAR por favor",
            "Stopp!",
            "bitte abmelden",
            "СТОП",
            "отписаться",
            "توقف",
            "إيقاف",
            "ايقاف",
            "रोकें",
            "बंद करें",
            "RET",
            "退订",
            "退訂",
            "수신거부",
            "הסר",
            "BERHENTI",
            "الغاء",
            "ألغاء",
            "الغاء الإشتراك",
            "إيقَاف",
            "توقّف",
            "أوقف",
            "बन्द करो",
            "STOP 36111",
            "Stop messaging me",
            "DUNG",
            "ストップ",
            "বন্ধ করুন",
            "நிறுத்து",
        ] {
            assert_eq!(word(text), Some(Word::Stop), "{text}");
        }
        for text in ["start", "UNSTOP", "Start please", "ＳＴＡＲＴ", "शुरू", "СТАРТ", "reanudar", "ابدأ", "ابدا"]
        {
            assert_eq!(word(text), Some(Word::Start), "{text}");
        }
    }

    #[test]
    fn a_sentence_that_contains_a_word_is_a_sentence() {
        for text in [
            "",
            "🙏",
            "please",
            "yes",
            "don't stop",
            "please don't stop",
            "STOP it",
            "restart",
            "end of month",
            "the last stop",
            "can I cancel?",
            "non stop",
            "Stop by tomorrow",
            "No baja el precio?",
            "bus stop near Andheri",
            "cancel my visit on Friday",
            "not the end",
        ] {
            assert_eq!(word(text), None, "{text}");
        }
    }

    #[test]
    fn no_word_is_of_both_lists_or_of_none() {
        assert!(WORDS.stop.is_disjoint(&WORDS.start));
        for (list, means) in [(STOP, Word::Stop), (START, Word::Start)] {
            for text in list {
                assert_eq!(word(text), Some(means), "{text}");
            }
        }
    }
}
