//! `leadwright doctor`: looks at every connection and says what to do about what does not work.
//!
//! Storage and machine are in [`storage`], the way in from the world in [`address`]; each provider's questions are in its own
//! folder of [`crate::providers`]. It changes nothing and sends nothing. Warnings are for people, failures end with 1.

mod address;
mod storage;

use crate::app::App;
use crate::base::time::Clock;
use crate::config::{Config, Risk};
use crate::providers::{Finding, Standing};

pub(super) async fn run(config: Config, json: bool) -> super::Outcome {
    let app = App::build(config, Clock::system())?;
    let findings = examine(&app).await;
    let failed = findings.iter().filter(|finding| finding.state == Standing::Failed).count();
    if json {
        let report = serde_json::json!({ "healthy": failed == 0, "checks": findings });
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        findings.iter().for_each(print);
    }
    match failed {
        0 => Ok(()),
        1 => Err("one check failed".into()),
        many => Err(format!("{many} checks failed").into()),
    }
}

/// Everything that was looked at, in the order in which to repair it.
pub async fn examine(app: &App) -> Vec<Finding> {
    let mut findings = vec![settings(&app.config.unknown)];
    findings.extend(app.config.risks().into_iter().map(risk));
    findings.extend(storage::examine(app).await);
    findings.extend(address::examine(app).await);
    findings.extend(app.providers.check(&app.config.public_url, &app.config.email_from).await);
    findings.extend(traces(app).await);
    findings
}

fn risk(risk: Risk) -> Finding {
    let Risk { name, detail, advice, is_grave } = risk;
    if is_grave { Finding::failed(name, detail, advice) } else { Finding::warning(name, detail, advice) }
}

/// Does anybody take the traces? Whatever is answered, a collector that is there answers something.
async fn traces(app: &App) -> Option<Finding> {
    const NAME: &str = "traces";
    let collector = app.config.otlp_endpoint.as_deref()?;
    Some(match app.providers.reach("LEADWRIGHT_OTLP_ENDPOINT", collector, "").await {
        Ok(_) => Finding::ok(NAME, format!("{collector} answers")),
        Err(why) => Finding::failed(
            NAME,
            format!("{collector} cannot be reached: {why}"),
            "Start the collector, correct LEADWRIGHT_OTLP_ENDPOINT, or unset it.",
        ),
    })
}

fn settings(unknown: &[String]) -> Finding {
    if unknown.is_empty() {
        return Finding::ok("settings", "every one is known");
    }
    let detail = format!("nobody reads {}", unknown.join(", "));
    Finding::warning(
        "settings",
        detail,
        "Correct the name, or take it out of the environment; docs/settings.md has them all.",
    )
}

fn print(finding: &Finding) {
    println!("{:<8} {:<24} {}", finding.state.as_str(), finding.name, finding.detail);
    if let Some(advice) = &finding.advice {
        println!("{:<8} {:<24} → {advice}", "", "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_nobody_reads_is_a_warning() {
        assert_eq!(settings(&[]).state, Standing::Ok);
        let misspelt = settings(&["LEADWRIGHT_TRUSTPROXY".to_string()]);
        assert_eq!(misspelt.state, Standing::Warning);
        assert!(misspelt.detail.contains("LEADWRIGHT_TRUSTPROXY"));
    }
}
