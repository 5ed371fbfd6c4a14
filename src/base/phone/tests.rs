//! Every region's example numbers in every form, and the many ways a number gets typed.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};

use super::{Phone, is_valid};

fn read(raw: &str, region: &str) -> String {
    Phone::parse(raw, Some(region)).map_or_else(|_| "nothing".into(), Phone::into_string)
}

#[test]
fn the_example_numbers_of_every_region_are_read_in_every_form() {
    let mut wrong = Vec::new();
    let mut read_numbers = 0;
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        let code = region.as_region_str().to_string();
        for kind in [PhoneNumberType::FixedLine, PhoneNumberType::Mobile] {
            let Ok(number) = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind) else { continue };
            let format = |format| PHONE_NUMBER_UTIL.format(&number, format).into_owned();
            let e164 = format(PhoneNumberFormat::E164);
            for typed in [
                e164.clone(),
                e164[1..].to_string(),
                format!("00{}", &e164[1..]),
                format(PhoneNumberFormat::National),
                format(PhoneNumberFormat::International),
                format(PhoneNumberFormat::RFC3966),
            ] {
                read_numbers += 1;
                let got = read(&typed, &code);
                if got != e164 || !is_valid(&got) {
                    wrong.push(format!("{code}: {typed} is {got}, not {e164}"));
                }
            }
        }
    }
    assert!(read_numbers > 2_500, "{read_numbers}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_number_is_taken_apart_as_it_is_read() {
    for region in PHONE_NUMBER_UTIL.get_supported_regions() {
        for kind in [PhoneNumberType::FixedLine, PhoneNumberType::Mobile, PhoneNumberType::TollFree] {
            let Ok(number) = PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(region, kind) else { continue };
            let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned();
            let apart = super::judge::parts(&e164).expect("a number");
            assert_eq!((apart.country_code, apart.national_number), (number.country_code, number.national_number));
            assert_eq!(apart.italian_leading_zero(), number.italian_leading_zero(), "{e164}");
            assert_eq!(apart.number_of_leading_zeros(), number.number_of_leading_zeros(), "{e164}");
        }
    }
    assert!(!is_valid("+9112345"), "too short");
    assert!(!is_valid("+00000000"));
    assert!(!is_valid(""));
}

#[test]
fn a_number_may_begin_with_the_digits_of_its_own_country_code() {
    for (region, typed, e164) in [
        ("IN", "91234 56789", "+919123456789"),
        ("IN", "9198765432", "+919198765432"),
        ("IN", "919198765432", "+919198765432"),
        ("IT", "393 123 4567", "+393931234567"),
        ("NO", "47 41 53 41", "+4747415341"),
        ("SG", "6536 6216", "+6565366216"),
        ("BR", "(55) 99912-3456", "+5555999123456"),
        ("BR", "5555999123456", "+5555999123456"),
        ("DE", "0491 2345678", "+494912345678"),
    ] {
        assert_eq!(read(typed, region), e164, "{region} {typed}");
    }
}

#[test]
fn one_number_in_many_writings() {
    let writings = "98765 43210|098765-43210|+91 98765 43210|919876543210|91-98765 43210|0091 98765 43210|00919876543210\
        |+91 (0)98765 43210|(+91) 9876543210|(0)98765 43210|91 09876543210|091 9876543210|+0091 9876543210|p:+919876543210\
        |tel:+91-98765-43210|+919876543210 (WhatsApp)|Mob: 98765 43210 (call me)|9876543210.0|919876543210.0\
        |'+919876543210|+91.98765.43210|+91/9876543210|98765 43210 ext. 5|+91 98765 43210, 022 2345 6789|\
        98765 43210 / 98765 43211|98765\t43210\n|call 98765 43210";
    for typed in writings.split('|') {
        assert_eq!(read(typed, "IN"), "+919876543210", "{typed:?}");
    }
    for (typed, region, e164) in [
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("011 91 98765 43210", "US", "+919876543210"),
        ("0091 98765 43210", "US", "+919876543210"),
        ("447911123456", "IN", "+447911123456"),
        ("+39 06 1234 5678", "IT", "+390612345678"),
        ("+52 1 55 1234 5678", "MX", "+525512345678"),
        ("011 15-2345-6789", "AR", "+5491123456789"),
        ("+54 11 15 2345 6789", "AR", "+5491123456789"),
        ("+54 9 11 15 2345 6789", "AR", "+5491123456789"),
        ("(31) 8765-4321", "BR", "+5531987654321"),
        ("01 55 1234 5678", "MX", "+525512345678"),
        ("(0155) 1234-5679", "MX", "+525512345679"),
        ("044 55 1234 5678", "MX", "+525512345678"),
        ("+52 01 55 1234 5678", "MX", "+525512345678"),
        ("+54 9 0351 512 3456", "AR", "+5493515123456"),
        ("0011 1 415 555 2671", "AU", "+14155552671"),
        ("0061 412 345 678", "AU", "+61412345678"),
        ("0044 7911 123456", "AU", "+447911123456"),
        ("009 1 415 555 2671", "NG", "+14155552671"),
        ("+91+919876543210", "IN", "+919876543210"),
        ("9876543228 call after 6pm", "IN", "+919876543228"),
    ] {
        assert_eq!(read(typed, region), e164, "{region} {typed}");
    }
}

#[test]
fn digits_of_every_script_are_digits() {
    // Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Tamil, Telugu, Thai, Lao, Myanmar, Khmer, full width, bold.
    for zero in
        [0x660, 0x6f0, 0x966, 0x9e6, 0xa66, 0xae6, 0xbe6, 0xc66, 0xe50, 0xed0, 0x1040, 0x17e0, 0xff10, 0x1d7ce, 0x116da]
    {
        let typed: String =
            "9876543210".chars().map(|c| char::from_u32(zero + c.to_digit(10).unwrap()).unwrap()).collect();
        assert_eq!(read(&typed, "IN"), "+919876543210", "{typed}");
        assert_eq!(read(&format!("\u{ff0b}91{typed}"), "IN"), "+919876543210", "{typed}");
    }
    assert_eq!(read("9\u{fe0f}\u{20e3}876543210", "IN"), "+919876543210", "a keycap");
}

#[test]
fn what_cannot_be_seen_is_not_there() {
    for invisible in
        "\u{202a}\u{202c}\u{202d}\u{200e}\u{200f}\u{61c}\u{2066}\u{2069}\u{200b}\u{200d}\u{feff}\u{ad}\u{2060}\
        \u{fe0d}\u{fe0f}\u{180b}\u{e0020}\u{34f}\u{3164}"
            .chars()
    {
        for typed in [
            format!("{invisible}+91 98765 43210{invisible}"),
            format!("+91{invisible}98765{invisible}43210"),
            format!("98765{invisible}43210"),
        ] {
            assert_eq!(read(&typed, "IN"), "+919876543210", "{typed:?}");
        }
    }
    for between in
        "\u{a0}\u{2007}\u{202f}\u{3000}\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}\u{2212}\u{ff0d}\u{30fb}".chars()
    {
        let typed = format!("+91{between}98765{between}43210");
        assert_eq!(read(&typed, "IN"), "+919876543210", "{typed:?}");
    }
}

#[test]
fn a_country_code_that_stands_there_twice_is_read_once() {
    for typed in "+91 +91 98765 43210|91 91 98765 43210|9191 9876543210|+91 91 98765 43210|0091 98765 43210|\
        0091 0091 98765 43210|+91 0 98765 43210|+91 0091 98765 43210|+9191 98765 43210|+91-91-9876543210|(+91) 91 98765 43210|\
        +91 91 91 98765 43210|91919876543210|+91 0 91 98765 43210"
        .split('|')
    {
        assert_eq!(read(typed, "IN"), "+919876543210", "{typed:?}");
    }
    for (typed, region, e164) in [
        ("+49 (0) 170 1234567", "DE", "+491701234567"),
        ("+49 +49 170 1234567", "DE", "+491701234567"),
        ("0049 0049 170 1234567", "IN", "+491701234567"),
        ("+1 1 415 555 2671", "US", "+14155552671"),
        ("1 1 415 555 2671", "US", "+14155552671"),
        ("+44 44 7911 123456", "GB", "+447911123456"),
        ("+44 0 7911 123456", "GB", "+447911123456"),
        ("+971 971 50 123 4567", "AE", "+971501234567"),
        ("47 47 41 53 41", "NO", "+4747415341"),
        ("+39 393 123 4567", "IT", "+393931234567"),
        ("0491 2345678", "DE", "+494912345678"),
    ] {
        assert_eq!(read(typed, region), e164, "{region} {typed}");
    }
    assert_eq!(read("91 91 98765 4321", "IN"), "nothing", "neither reading is a number");
    assert_eq!(read("+49 49 170 1234567", "DE"), "nothing", "both are: 0491 is Leer");
}

#[test]
fn letters_that_look_like_digits_are_digits_inside_a_number() {
    for typed in "98765 4321O|98765 4321o|O98765 43210|+91 98765 432l0|+9I 98765 432I0|Tel. 98765 432lo|98765 432 l O|\
        +9l 98765 43210"
        .split('|')
    {
        assert_eq!(read(typed, "IN"), "+919876543210", "{typed:?}");
    }
    assert_eq!(read("+49 17O 1234567", "DE"), "+491701234567");
    assert_eq!(read("O17O l234567", "DE"), "+491701234567");
    assert_eq!(read("98765 43210 I", "IN"), "+919876543210", "a stray letter is none of it");
    assert_eq!(read("9876S 43210", "IN"), "nothing");
}

#[test]
fn an_international_number_alone_is_told_from_other_text() {
    use super::is_written_out;
    for typed in [
        "+919876543210",
        "+49 170 1234567",
        "＋４９ １７０ １２３４５６７",
        "+٩١٩٨٧٦٥٤٣٢١٠",
        "+९१ ९८७६५ ४३२१०",
        "\u{202a}+91 98765 43210\u{202c}",
        "+1 (415) 555-2671",
    ] {
        assert!(is_written_out(typed), "{typed}");
    }
    for other in [
        "",
        "919876543210",
        "98765 43210",
        "+91 98765",
        "+919876543210 call me",
        "call +919876543210",
        "+",
        "+500000",
        "+10%",
        "2+3",
    ] {
        assert!(!is_written_out(other), "{other}");
    }
}

#[test]
fn a_range_that_was_opened_since_is_kept_and_marked() {
    let number = Phone::parse("+91 50000 12345", None).unwrap();
    assert_eq!((number.as_str(), is_valid(number.as_str())), ("+915000012345", false));
    assert_eq!(read("50000 12345", "IN"), "+915000012345");
    assert!(is_valid("+919876543210"));
}

#[test]
fn a_country_that_was_said_is_believed_and_one_that_was_not_is_not_guessed() {
    for (typed, region, e164) in [
        ("+448609152487", "DE", "+448609152487"),
        ("+912510273464", "DE", "+912510273464"),
        ("+17986830784", "DE", "+17986830784"),
        ("+1 882 986 0648", "CN", "+18829860648"),
        ("+13577177024", "AT", "+13577177024"),
        ("+13935170256", "BR", "+13935170256"),
        ("0055 12 67783-3897", "BR", "+5512677833897"),
    ] {
        assert_eq!(read(typed, region), e164, "{region} {typed}");
        assert!(!is_valid(e164), "{e164} is known by now: take another");
    }
    for (typed, region) in [("084559983781", "IN"), ("(276) 416-65587", "US")] {
        let number = Phone::parse(typed, Some(region)).ok();
        assert!(number.is_none(), "{region} {typed} is nobody's: {number:?}");
    }
}

#[test]
fn absurd_numbers_are_refused() {
    for raw in [
        "",
        "12",
        "abc",
        "+1",
        "99999999999999999999999",
        "+91 12345",
        "9876\u{0}543210",
        "0000000000",
        "+911111111111",
        "+999 12345678",
        "asha@example.com",
        "2026-11-28",
        "9.87654E+9",
    ] {
        assert_eq!(read(raw, "IN"), "nothing", "{raw:?}");
    }
    assert!(Phone::parse("98765 43210", None).is_err(), "a national number needs a region");
    assert!(Phone::parse(&"9".repeat(100_000), Some("IN")).is_err());
}

#[test]
fn no_text_is_too_strange_to_be_read_or_refused() {
    let pieces =
        ["+", "0", "91", "9876543210", " ", "-", "(", ")", ".", "/", ";", "x", "é", "\u{966}", "\u{200b}", "E", "٣"];
    for a in pieces {
        for b in pieces {
            for c in pieces {
                let text = format!("{a}{b}{c}");
                if let Ok(phone) = Phone::parse(&text, Some("IN")) {
                    assert_eq!(
                        Phone::parse(phone.as_str(), None).unwrap(),
                        phone,
                        "{text:?}: reading twice changes nothing"
                    );
                }
            }
        }
    }
}
