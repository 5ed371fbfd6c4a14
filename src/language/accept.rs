//! Which language a browser asks for (`Accept-Language`, RFC 9110, 12.5.4).

use super::files::{Words, of};

/// Of the languages that there are, the one that is wanted most; none where none of them is wanted.
pub fn accepted(header: &str) -> Option<&'static Words> {
    let mut best: Option<(u16, &'static Words)> = None;
    for range in header.split(',') {
        let (tag, quality) = range.split_once(';').unwrap_or((range, "q=1"));
        let Some(quality) = thousandths(quality) else { continue };
        // Of two that are wanted as much the first counts.
        if let Some(words) = of(tag.trim())
            && quality > best.map_or(0, |(most, _)| most)
        {
            best = Some((quality, words));
        }
    }
    best.map(|(_, words)| words)
}

/// `q=0.8` is 800.
fn thousandths(parameter: &str) -> Option<u16> {
    let value: f32 = parameter.trim().strip_prefix("q=")?.trim().parse().ok()?;
    (0.0..=1.0).contains(&value).then_some((value * 1000.0) as u16)
}

#[cfg(test)]
mod tests {
    use super::accepted;

    #[test]
    fn the_language_that_is_wanted_most_is_taken() {
        let tag = |header: &str| accepted(header).map(|words| words.tag);
        assert_eq!(tag("hi-IN,hi;q=0.9,en;q=0.8"), Some("hi"));
        assert_eq!(tag("fr, en-GB;q=0.5, hi;q=0.7"), Some("hi"));
        assert_eq!(tag("en, hi"), Some("en"));
        assert_eq!(tag("hi;q=0, en;q=0.1"), Some("en"));
        for none in ["", "fr", "*", "hi;q=2", ";;,,", "hi;q=x"] {
            assert_eq!(tag(none), None, "{none}");
        }
    }
}
