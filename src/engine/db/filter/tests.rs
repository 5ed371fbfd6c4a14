//! What conditions say on either engine. What they find is tested where there are rows (`leads`).

use diesel::pg::Pg;
use diesel::sqlite::Sqlite;

use super::{Part, Where};

diesel::table! {
    people (id) {
        id -> Integer,
        score -> Integer,
        status -> Text,
        email -> Nullable<Text>,
    }
}

fn part() -> Where<people::table, Part> {
    Where::part()
}

fn said(part: &Where<people::table, Part>) -> (String, String) {
    let short = |text: String| text.replace(['"', '`'], "").replace("people.", "");
    (short(diesel::debug_query::<Pg, _>(part).to_string()), short(diesel::debug_query::<Sqlite, _>(part).to_string()))
}

#[test]
fn values_are_bound_and_the_text_is_the_same_for_each_of_them() {
    let (postgres, sqlite) =
        said(&part().is(people::score, 7).any(people::status, &["new"]).has(people::email, Some(true)));
    assert_eq!(postgres, "score = $1 AND status = $2 AND email IS NOT NULL -- binds: [7, new]");
    assert_eq!(sqlite, "score = ? AND status = ? AND email IS NOT NULL -- binds: [7, new]");
}

#[test]
fn several_values_are_one_array_where_there_are_arrays() {
    let (postgres, sqlite) = said(&part().any(people::status, &["new", "contacted"]));
    assert_eq!(postgres, "status = ANY($1) -- binds: [[new, contacted]]");
    assert_eq!(sqlite, "status IN (?, ?) -- binds: [new, contacted]");
}

#[test]
fn what_is_not_given_does_not_filter_and_no_part_holds_for_none() {
    let nothing = part()
        .eq(people::score, None::<i32>)
        .since(people::score, None::<i32>)
        .within(people::score, None::<(i32, i32)>);
    let nothing = nothing.any(people::status, &[] as &[&str]).has(people::email, None);
    assert_eq!(said(&nothing).0, "1=1 -- binds: []");
    assert_eq!(said(&part().or([])).0, "(1=0) -- binds: []");
}

#[test]
fn parts_stand_in_brackets_of_their_own() {
    let (sql, _) =
        said(&part().is(people::score, 1).or([part().is(people::score, 2), part().is(people::score, 3).not(part())]));
    assert_eq!(sql, "score = $1 AND ((score = $2) OR (score = $3 AND ((1=1) IS NOT TRUE))) -- binds: [1, 2, 3]");
}
