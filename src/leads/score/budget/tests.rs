//! Budgets as people of many countries write them.

use super::*;

const L: i64 = 100_000 * 100;
const CR: i64 = 10_000_000 * 100;

fn inr(text: &str) -> Option<Budget> {
    Budget::read(text, Currency::INR)
}
fn range(min: i64, max: impl Into<Option<i64>>) -> Option<(i64, Option<i64>)> {
    Some((min, max.into()))
}

#[test]
fn reads_indian_notations() {
    for (text, expected) in [
        ("₹80L-1Cr", range(80 * L, CR)),
        ("₹60-80L", range(60 * L, 80 * L)),
        ("₹80L–₹1Cr", range(80 * L, CR)),
        ("60-80 lakh", range(60 * L, 80 * L)),
        ("60 to 80 Lakhs", range(60 * L, 80 * L)),
        ("₹ 1-1.5Cr", range(CR, 15 * CR / 10)),
        ("1.5Cr+", range(15 * CR / 10, None)),
        ("₹80L-1Cr+", range(80 * L, None)),
        ("50 lacs", range(50 * L, 50 * L)),
        ("Rs. 50 Lakhs.", range(50 * L, 50 * L)),
        ("Rs 80,00,000/-", range(80 * L, 80 * L)),
        ("1 crore 20 lakh", range(120 * L, 120 * L)),
        ("under 50L", range(0, 50 * L)),
        ("up to 50 lakhs", range(0, 50 * L)),
        ("2 Cr and above", range(2 * CR, None)),
        ("more than 2 crores", range(2 * CR, None)),
        ("between 50L and 80L", range(50 * L, 80 * L)),
        ("from 50L to 80L", range(50 * L, 80 * L)),
        ("min 50L max 80L", range(50 * L, 80 * L)),
        ("around 75 lakh", range(75 * L, 75 * L)),
        ("50,000 - 1 lakh", range(5_000_000, L)),
        ("50k", range(5_000_000, 5_000_000)),
    ] {
        let read = inr(text);
        assert_eq!(read.map(|budget| (budget.min, budget.max)), expected, "{text}");
        assert_eq!(read.map(|budget| budget.currency), Some(Currency::INR), "{text}");
    }
}

#[test]
fn reads_plain_and_american_notations_with_their_period() {
    let usd = |text| Budget::read(text, Currency::USD).map(|b| (b.min, b.max, b.currency.code(), b.period));
    let month = Some(Period::Month);
    assert_eq!(usd("$5k/month"), Some((500_000, Some(500_000), "USD", month)));
    assert_eq!(usd("$5k+ per month"), Some((500_000, None, "USD", month)));
    assert_eq!(usd("5000-10000"), Some((500_000, Some(1_000_000), "USD", None)));
    assert_eq!(usd("$5,000 – $10,000 monthly"), Some((500_000, Some(1_000_000), "USD", month)));
    assert_eq!(usd("$5-10k"), Some((500_000, Some(1_000_000), "USD", None)));
    assert_eq!(usd("$1.2M"), Some((120_000_000, Some(120_000_000), "USD", None)));
    assert_eq!(usd("60k USD a year"), Some((6_000_000, Some(6_000_000), "USD", Some(Period::Year))));
    assert_eq!(usd("€500"), Some((50_000, Some(50_000), "EUR", None)));
    assert_eq!(usd("20 lakh"), Some((20 * L, Some(20 * L), "INR", None)), "lakh is never dollars");
    let yen = Budget::read("50000", "JPY".parse().unwrap()).unwrap();
    assert_eq!(yen.min, 50_000, "no minor unit");
    assert_eq!(Budget::read("$100", "SGD".parse().unwrap()).unwrap().currency.code(), "SGD");
}

#[test]
fn reads_what_is_written_around_the_world() {
    let read = |text: &str, default: &str| {
        let read = Budget::read(text, default.parse().unwrap())?;
        let unit = 10_i64.pow(read.currency.exponent());
        let max = read.max.map_or("".into(), |max| (max / unit).to_string());
        Some(format!("{}..{max} {}", read.min / unit, read.currency))
    };
    let table = "INR|5 lakh|500000..500000 INR\nINR|₹5-10L|500000..1000000 INR\nINR|1 crore|10000000..10000000 INR\n\
        EUR|€ 5.000|5000..5000 EUR\nEUR|5 000 €|5000..5000 EUR\nINR|5 000 €|5000..5000 EUR\nUSD|10k–20k|10000..20000 USD\n\
        INR|¥300万|3000000..3000000 JPY\nCNY|¥300万|3000000..3000000 CNY\nIDR|10 rb|10000..10000 IDR\nINR|10 rb|10000..10000 IDR\n\
        BRL|R$ 1.000,00|1000..1000 BRL\nINR|R$ 1.000,00|1000..1000 BRL\nUSD|over 1M|1000000.. USD\n\
        EUR|bis 5000 Euro|0..5000 EUR\nINR|<$500|0..500 USD\nINR|under_₹50,000|0..50000 INR\nEUR|5.000,- €|5000..5000 EUR\n\
        EUR|5.000 bis 10.000 Euro|5000..10000 EUR\nEUR|zwischen 5000 und 10.000 €|5000..10000 EUR\nEUR|ab 1,5 Mio. €|1500000.. EUR\n\
        EUR|von 250 Tsd. bis 300 Tsd. Euro|250000..300000 EUR\nCHF|5'000.-|5000..5000 CHF\nEUR|entre 5 000 et 10 000 €|5000..10000 EUR\n\
        EUR|plus de 20 000 euros|20000.. EUR\nEUR|moins de 1 000 € par mois|0..1000 EUR\nEUR|jusqu’à 5000€|0..5000 EUR\n\
        EUR|de 5.000 a 10.000 euros|5000..10000 EUR\nMXN|más de 2 millones de pesos|2000000.. MXN\nMXN|hasta 500 mil|0..500000 MXN\n\
        BRL|R$ 500 mil a 1 milhão|500000..1000000 BRL\nBRL|até R$ 2.500,50|0..2500 BRL\nEUR|fino a 10.000 euro|0..10000 EUR\n\
        EUR|da 5 mila a 10 mila euro|5000..10000 EUR\nEUR|tussen €5.000 en €10.000|5000..10000 EUR\nPLN|do 50 tys. zł|0..50000 PLN\n\
        PLN|od 10 000 do 20 000 zł|10000..20000 PLN\nTRY|500 bin TL|500000..500000 TRY\nTRY|1,5 milyon TL üzeri|1500000.. TRY\n\
        AED|٥٠٠٠ درهم|5000..5000 AED\nAED|أقل من ١٠٬٠٠٠ درهم|0..10000 AED\nSAR|من 5 آلاف إلى 10 آلاف ريال|5000..10000 SAR\n\
        INR|५ लाख|500000..500000 INR\nINR|5 से 10 लाख रुपये|500000..1000000 INR\nINR|10 लाख तक|0..1000000 INR\nINR|2 करोड़ से ज्यादा|20000000.. INR\n\
        BDT|৫ লাখ টাকা|500000..500000 BDT\nIDR|Rp 10.000.000|10000000..10000000 IDR\nIDR|Rp5jt - Rp10jt|5000000..10000000 IDR\n\
        VND|500 triệu|500000000..500000000 VND\nVND|1,5 tỷ đến 2 tỷ|1500000000..2000000000 VND\nVND|dưới 500.000đ|0..500000 VND\n\
        THB|ไม่เกิน 1 ล้านบาท|0..1000000 THB\nTHB|5-10 แสนบาท|500000..1000000 THB\nJPY|300万円まで|0..3000000 JPY\n\
        JPY|100万〜200万円|1000000..2000000 JPY\nJPY|３０００万円以上|30000000.. JPY\nJPY|3万5000円|35000..35000 JPY\nJPY|約５万円程度|50000..50000 JPY\n\
        CNY|5-10万元|50000..100000 CNY\nCNY|10万以内|0..100000 CNY\nCNY|5万到10万|50000..100000 CNY\nTWD|50萬元以上|500000.. TWD\n\
        KRW|500만원|5000000..5000000 KRW\nKRW|1억 5천만원 이하|0..150000000 KRW\nKRW|100만원~200만원|1000000..2000000 KRW\n\
        RUB|до 5 млн ₽|0..5000000 RUB\nRUB|от 100 тыс. до 200 тыс. рублей|100000..200000 RUB\nRUB|1 500 000 руб.|1500000..1500000 RUB\n\
        SEK|under 50 000 kr|0..50000 SEK\nSEK|1,2 miljoner kronor|1200000..1200000 SEK\nUSD|5 mil|5000000..5000000 USD\n\
        PKR|Rs 5 lakh|500000..500000 PKR\nINR|1.125 Cr|11250000..11250000 INR\nAUD|$1.5k|1500..1500 AUD\nGBP|£1,500.50|1500..1500 GBP\n\
        INR|₹5,000.|5000..5000 INR\nUSD|$10K to $20K|10000..20000 USD\nINR|around Rs. 500|500..500 INR\nZAR|R 5 000|5000..5000 ZAR\n\
        MXN|de $5,000 a $10,000|5000..10000 MXN";
    for line in table.lines() {
        let [default, text, expected] = line.trim().split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(read(text, default).as_deref(), Some(expected), "{default}: {text}");
    }
    let month = |text: &str| Budget::read(text, "EUR".parse().unwrap()).unwrap().period;
    for text in ["500 € im Monat", "500 € par mois", "500 € al mes", "500 €/Monat", "500 € aylık", "500€/月"]
    {
        assert_eq!(month(text), Some(Period::Month), "{text}");
    }
    for unclear in [
        "300万",
        "50 000 kr",
        "5000 pesos",
        "5 dinar",
        "kommt darauf an",
        "je nach Angebot",
        "50m²",
        "по договоренности",
    ] {
        assert_eq!(inr(unclear), None, "{unclear}");
    }
}

#[test]
fn refuses_what_is_no_budget() {
    for text in [
        "",
        "   ",
        "not sure",
        "2 BHK",
        "3",
        "2-3",
        "lakhs",
        "₹",
        "80L-",
        "-5000",
        "80L-60L",
        "50 - 1 Cr",
        "1cr 2cr",
        "80L, 1Cr, 2Cr",
        "$5k or ₹4L",
        "₹5000 per sqft",
        "$50/day",
        "1.2.3",
        "99999999999999999999",
        "9 billion crore",
        "999999999999 cr",
        "5000\u{0}",
        "½ crore",
        "80L - to 1Cr",
        "$5k/month per year",
    ] {
        assert_eq!(inr(text), None, "{text:?}");
    }
    assert_eq!(inr(&"9".repeat(10_000)), None);
}

#[test]
fn neighbours_touch_and_do_not_overlap() {
    let met = |a: &str, b: &str| {
        let (a, b) = (inr(a).unwrap(), inr(b).unwrap());
        assert_eq!(a.overlaps(b), b.overlaps(a));
        a.overlaps(b)
    };
    assert!(!met("60-80L", "80L-1Cr") && met("60-81L", "80L-1Cr"));
    assert!(met("80L", "80L-1Cr") && !met("79L", "80L-1Cr"));
    assert!(met("1.5Cr+", "1Cr-2Cr") && met("1.5Cr+", "3Cr+") && !met("1.5Cr+", "80L-1.5Cr"));
    assert!(!met("$100000", "₹1-2L"), "currencies are not converted");
    assert!(met("₹12L per year", "₹1L/month") && !met("₹12L per year", "₹12L/month"));
    assert!(met("₹12L per year", "₹12L"), "a period that is not stated is not compared");
}
