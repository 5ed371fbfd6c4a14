//! Leads by a text in them.
//!
//! PostgreSQL knows from its statistics how common a text is and chooses between its index of trigrams (`leads_by_text`) and the
//! order of the list. SQLite does not, so it is told: few leads are taken from its index (`lead_search`) and sorted, of many the
//! list's own order meets a page soon. A text of one or two characters has no trigram: the list is walked in its order until the
//! page is full.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::base::id::Guid;
use crate::base::{Result, unicode};
use crate::engine::db::dialect::{self, like_contains};
use crate::engine::db::filter::Part;
use crate::engine::db::{DbConn, PlatformTx, Rows, TenantTx, Where};
use crate::leads::schema::leads;

/// Leads with this text somewhere in their name, e-mail, phone or company. Locked ones are not found: a hit would tell what is
/// masked.
pub fn found_by(text: &str) -> Where<leads::table, Part> {
    let spelled = |text: &String| match telling(text) {
        Some(telling) => {
            // Put together, the column is no index's, which looks for the telling part alone.
            let whole = leads::search.concat("").like(like_contains(text)).escape('\\');
            Where::part().contains(leads::search, &[telling]).that(whole)
        }
        None => Where::part().contains(leads::search, std::slice::from_ref(text)),
    };
    Where::part().is(leads::is_locked, false).or(spellings(text).iter().map(spelled))
}

/// The part of a text that tells it apart: the end of an e-mail address' local part, the end of a number. What many addresses
/// have in common costs PostgreSQL a long list of leads for each three letters of it.
fn telling(text: &str) -> Option<String> {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || c == '+');
    let (part, end) = match text.split_once('@') {
        Some((local, _)) => (local, "@"),
        None if is_number => (text, ""),
        None => return None,
    };
    let letters: Vec<char> = part.chars().collect();
    let from = letters.len().saturating_sub(TELLING);
    let tells = letters.len() >= 4 && (from > 0 || !end.is_empty());
    tells.then(|| letters[from..].iter().collect::<String>() + end)
}

const TELLING: usize = 8;

/// How the text may stand there.
fn spellings(text: &str) -> Vec<String> {
    let mut spellings = vec![unicode::folded(text)];
    // What was written down before texts were folded stands there in lower case only.
    let other = dialled(text).unwrap_or_else(|| text.to_lowercase());
    if spellings[0] != other {
        spellings.push(other);
    }
    spellings
}

/// The digits of what looks like a phone number, as they stand in E.164: without blanks, signs and a leading zero.
fn dialled(text: &str) -> Option<String> {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || " +-().\u{a0}".contains(c));
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (is_number && digits.len() >= 4).then(|| digits.to_string())
}

/// More leads than this are many to SQLite.
const MANY: i64 = 5_000;

const LOOK: [&str; 3] =
    ["SELECT count(*) AS count FROM (SELECT rowid FROM lead_search WHERE lead_search MATCH ", " LIMIT ", ")"];

/// These leads as they are best read when the text is sought among them.
pub(super) fn sought(tx: &mut TenantTx<'_>, which: Where<leads::table>, text: &str) -> Result<Rows> {
    let tenant = tx.tenant();
    let rows = |which| Rows::from(which).and(found_by(text));
    let Some(pieces) = pieces(&spellings(text)) else { return Ok(rows(which)) };
    if !dialect::takes_from_text_index(tx.conn(), LOOK, &pieces, MANY)? {
        return Ok(rows(which));
    }
    let few = diesel::dsl::sql::<Bool>("leads.id IN (SELECT lead_id FROM lead_search_numbers WHERE tenant_id = ")
        .bind::<Guid, _>(tenant)
        .sql(" AND number IN (SELECT rowid FROM lead_search WHERE lead_search MATCH ")
        .bind::<Text, _>(pieces)
        .sql("))");
    Ok(rows(which.that(few)).by_index("sqlite_autoindex_leads_1"))
}

/// What SQLite's index is asked for: the pieces of one of the spellings, side by side, since what they find is compared with
/// the whole text anyway. `None` when one of them has no piece.
fn pieces(spellings: &[String]) -> Option<String> {
    let of_one = |text: &String| {
        let letters: Vec<char> = telling(text).unwrap_or_else(|| text.clone()).chars().collect();
        let last = letters.len().checked_sub(3)?;
        let starts: BTreeSet<usize> = (0..=last).step_by(3).chain([last]).collect();
        let piece = |start: usize| letters[start..start + 3].iter().collect::<String>().replace('"', "\"\"");
        let quoted: Vec<String> = starts.into_iter().map(|start| format!("\"{}\"", piece(start))).collect();
        Some(format!("({})", quoted.join(" AND ")))
    };
    let all: Option<Vec<String>> = spellings.iter().map(of_one).collect();
    all.map(|all| all.join(" OR "))
}

/// PostgreSQL's index of texts.
const INDEX: &str = "leads_by_text";

/// Whether texts are found by an index.
pub fn is_indexed(conn: &mut DbConn) -> Result<bool> {
    dialect::has_text_index(conn, INDEX)
}

/// Brings what was written lately into the index.
pub fn settle_index(tx: &mut PlatformTx<'_>) -> Result<()> {
    dialect::settle_text_index(tx, INDEX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_told_apart_by_their_ends() {
        for (text, part) in [
            ("asha.verma@example.com", Some("ha.verma@")),
            ("asha@example.com", Some("asha@")),
            ("+919876543210", Some("76543210")),
            ("98765432", None),
            ("a@b", None),
            ("@example.com", None),
            ("asha verma", None),
        ] {
            assert_eq!(telling(text).as_deref(), part, "{text}");
        }
    }

    #[test]
    fn a_text_without_three_letters_has_no_pieces() {
        let of = |texts: &[&str]| pieces(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(of(&["asha"]).as_deref(), Some("(\"ash\" AND \"sha\")"));
        assert_eq!(of(&["asha@example.com"]).as_deref(), Some("(\"ash\" AND \"ha@\")"));
        assert_eq!(of(&["asha verma"]).as_deref(), Some("(\"ash\" AND \"a v\" AND \"erm\" AND \"rma\")"));
        assert_eq!(of(&["\"a\""]).as_deref(), Some("(\"\"\"a\"\"\")"));
        assert_eq!(of(&["asha", "as"]), None);
    }
}
