//! Large cities by all their names.
//!
//! One city is written München, Munich or 慕尼黑, and Bangalore became Bengaluru. `cities.txt` has a line for each, with the names
//! it goes by. Any other city is what it was typed as; case, accents and blanks tell no two apart.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::base::unicode;

/// Folded name → the line it stands in.
static CITIES: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    let lines = include_str!("cities.txt").lines().enumerate();
    lines.flat_map(|(line, names)| names.split('|').map(move |name| (bare(name), line))).collect()
});

/// Whether it is a city of the list, by whichever name.
pub fn is_large(city: &str) -> bool {
    CITIES.contains_key(&bare(city))
}

/// Whether two names are one city's.
pub fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (bare(one), bare(other));
    one == other || matches!((CITIES.get(&one), CITIES.get(&other)), (Some(one), Some(other)) if one == other)
}

/// Without case and accents, and with one blank between words.
fn bare(city: &str) -> String {
    unicode::folded(city).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_is_one_by_all_its_names() {
        for (one, other) in [
            ("Mumbai", "मुंबई"),
            ("bombay", "MUMBAI"),
            ("München", "Munich"),
            ("munchen", "慕尼黑"),
            ("São Paulo", "sao  paulo"),
            ("Bangalore", "ಬೆಂಗಳೂರು"),
            ("دبي", "Dubai"),
            ("Köln", "Cologne"),
            ("東京", "Tokyo"),
            ("Bad Homburg", "bad homburg"),
            ("Kórnik", "kornik"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        assert!(!is_same("Mumbai", "Pune") && !is_same("Neustadt", "Altstadt"));
        assert!(is_large("Hà Nội") && !is_large("Bad Homburg"));
    }

    #[test]
    fn no_name_is_two_cities() {
        let mut known: HashMap<String, &str> = HashMap::new();
        for line in include_str!("cities.txt").lines() {
            for name in line.split('|') {
                let before = known.insert(bare(name), line).filter(|before| *before != line);
                assert!(before.is_none() && !bare(name).is_empty(), "{name}: {before:?} and {line}");
            }
        }
    }
}
