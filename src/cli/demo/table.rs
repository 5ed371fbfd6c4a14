//! What the demo prints.

use std::time::Duration;

use super::play::{Step, Summary};

/// One line for a step, under its chapter's heading when it is the first of it.
pub(super) fn line(step: &Step, chapter: &mut &'static str) -> String {
    let mut text = String::new();
    if *chapter != step.chapter {
        *chapter = step.chapter;
        text.push_str(&format!("\n{}\n", step.chapter));
    }
    let took = step.took.as_millis();
    text.push_str(&format!("{:>3}  {:<16} {:>6} ms  {}", step.number, step.who, took, step.what.replace('\n', " ")));
    text
}

/// The table at the end.
pub(super) fn table(summary: &Summary) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    let list = |pairs: Vec<String>| pairs.join(", ");
    rows.push(("Leads by source", list(summary.leads_by_source.iter().map(|(s, n)| format!("{s} {n}")).collect())));
    let quota = &summary.quota;
    rows.push((
        "Quota",
        format!(
            "{} base + {} rollover + {} credits; {} used, {} remaining, {} overage",
            quota.base, quota.rollover, quota.credits, quota.used, quota.remaining, quota.overage
        ),
    ));
    rows.push(("Overage due", rupees(summary.overage_due)));
    rows.push(("Messages sent", list(summary.messages.iter().map(|(c, n)| format!("{c} {n}")).collect())));
    if let Some((min, median, max)) = spread(&summary.notified) {
        let said = format!("min {min} ms, median {median} ms, max {max} ms over {} leads", summary.notified.len());
        rows.push(("Webhook to phone", said));
    }
    rows.push(("Steps that held", summary.steps.to_string()));
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = rows.iter().map(|(name, value)| format!("  {name:<width$}  {value}")).collect();
    format!("\n{} after the story\n{}", summary.tenant, lines.join("\n"))
}

/// Minor units as an Indian reader writes them.
fn rupees(minor: i64) -> String {
    let whole = (minor / 100).to_string();
    let (head, tail) = whole.split_at(whole.len().saturating_sub(3));
    let mut groups: Vec<&str> = Vec::new();
    let mut rest = head;
    while !rest.is_empty() {
        let (left, group) = rest.split_at(rest.len().saturating_sub(2));
        groups.insert(0, group);
        rest = left;
    }
    groups.push(tail);
    format!("₹{}", groups.join(","))
}

fn spread(times: &[Duration]) -> Option<(u128, u128, u128)> {
    let mut sorted: Vec<u128> = times.iter().map(Duration::as_millis).collect();
    sorted.sort_unstable();
    Some((*sorted.first()?, sorted[sorted.len() / 2], *sorted.last()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_grouped_as_in_india() {
        let written = [90_000, 120_000, 1_499_900, 150_000_000].map(rupees);
        assert_eq!(written, ["₹900", "₹1,200", "₹14,999", "₹15,00,000"]);
    }

    #[test]
    fn a_spread_is_of_the_sorted_times() {
        let times = [30, 10, 20].map(Duration::from_millis);
        assert_eq!(spread(&times), Some((10, 20, 30)));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn a_chapter_is_headed_once() {
        let step = |number| Step {
            number,
            chapter: "Onboarding",
            who: "ABC".into(),
            what: "signs\nup".into(),
            took: Duration::from_millis(7),
        };
        let mut chapter = "";
        assert_eq!(line(&step(1), &mut chapter), "\nOnboarding\n  1  ABC                   7 ms  signs up");
        assert!(!line(&step(2), &mut chapter).contains("Onboarding"));
    }
}
