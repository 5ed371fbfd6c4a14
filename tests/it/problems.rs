//! Errors are explained: every code that is answered stands in the catalogue, and in the document of the operation that
//! answers it. [`hold`] looks at every answer that any test of the suite gets.

use std::collections::BTreeSet;

use leadwright::app::refusals;
use leadwright::engine::http::problem::status_of;
use serde_json::Value;

use crate::architecture::{is_test, sources, src};
use crate::both_engines;
use crate::contract::operations;

/// The document as it is committed and served: quicker to read than to make, and every test asks for it.
fn document() -> &'static Value {
    static DOCUMENT: std::sync::OnceLock<Value> = std::sync::OnceLock::new();
    let read = || serde_json::from_str(include_str!("../../openapi/leadwright.json")).expect("a document");
    DOCUMENT.get_or_init(read)
}

/// What a `$ref` leads to, or the value itself.
fn resolved(value: &Value) -> &Value {
    match value["$ref"].as_str() {
        Some(place) => document().pointer(place.trim_start_matches('#')).expect("a reference leads somewhere"),
        None => value,
    }
}

/// The codes that an operation says it may answer with a status.
fn described(operation: &Value, status: u16) -> BTreeSet<String> {
    let response = resolved(&operation["responses"][status.to_string()]);
    let examples = response["content"]["application/problem+json"]["examples"].as_object();
    examples.into_iter().flat_map(|examples| examples.keys().cloned()).collect()
}

/// Whether a path is one of a template: `/v1/leads/{id}`.
fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
    let is_same = |(known, given): (&&str, &&str)| known.starts_with('{') || known == given;
    template.len() == path.len() && template.iter().zip(&path).all(is_same)
}

/// The operation of a method and a path, if the document has one.
fn operation_at(method: &str, path: &str) -> Option<&'static Value> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let paths = document()["paths"].as_object().expect("paths");
    let plain = paths.get(path);
    let item = plain.or_else(|| paths.iter().find(|(template, _)| fits(template, path)).map(|(_, item)| item))?;
    let method = if method == "HEAD" { "get".into() } else { method.to_ascii_lowercase() };
    item.get(method)
}

/// Holds an answer to the catalogue and to the document.
pub fn hold(method: &str, path: &str, status: u16, problem: &Value) {
    let code =
        problem["code"].as_str().unwrap_or_else(|| panic!("{method} {path}: a problem without a code: {problem}"));
    let is_known = refusals::all().iter().any(|known| known.code == code && status_of(known.kind).as_u16() == status);
    assert!(is_known, "{method} {path} answers {status} {code}, which stands in no refusals.rs");
    let kind = problem["type"].as_str().unwrap_or_default();
    assert!(kind.ends_with(&format!("/problems/{code}")), "{method} {path}: {kind} does not lead to {code}");
    if let Some(operation) = operation_at(method, path) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        let told = described(operation, status);
        assert!(
            told.contains(code),
            "{name} answers {status} {code}; the document says {told:?}: add its place in refusals.rs"
        );
    }
}

/// Everything under `src` that is compiled into the program, but the catalogue itself; without comments and the files' own tests.
fn code() -> Vec<String> {
    let texts = sources(&src()).into_iter().filter_map(|path| {
        let name = path.display().to_string();
        let is_wanted = !is_test(&name) && !name.ends_with("refusals.rs");
        is_wanted.then(|| std::fs::read_to_string(&path).expect("a source"))
    });
    let bare = |text: String| {
        let own = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        own.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
    };
    texts.map(bare).collect()
}

/// The codes that the sources make errors of: `Error::conflict("lead.identity_taken", …)`.
fn answered_codes() -> BTreeSet<String> {
    const KINDS: [&str; 10] = [
        "malformed(",
        "invalid(",
        "unauthenticated(",
        "forbidden(",
        "not_found(",
        "conflict(",
        "precondition_failed(",
        "too_many(",
        "upstream(",
        "unavailable(",
    ];
    let literal = |rest: &str| Some(rest.trim_start().strip_prefix('"')?.split('"').next()?.to_string());
    let mut found = BTreeSet::new();
    for code in code() {
        for made in code.split("Error::").chain(code.split("Self::")) {
            found.extend(KINDS.iter().find_map(|kind| made.strip_prefix(kind)).and_then(literal));
        }
        // `Error::new(ErrorKind::TooLarge, "request.too_large", …)`
        for named in code.split("ErrorKind::").skip(1) {
            let rest = named.trim_start_matches(char::is_alphanumeric);
            found.extend(rest.strip_prefix(',').and_then(literal));
        }
        // Codes with a name, `const UNROUTED: &str = "webhook.unrouted"`, and those of a noun.
        for line in code.lines() {
            let named = line.split_once(": &str = ").and_then(|(_, rest)| literal(rest));
            found.extend(named.filter(|text| is_dotted(text)));
            if let Some(noun) = line.trim_start().strip_prefix("crate::rows!(").and_then(|rest| rest.split('"').nth(1))
            {
                found.insert(format!("{noun}.not_found"));
                if line.contains(" room") {
                    found.insert(format!("{noun}.too_many"));
                }
            }
        }
    }
    found
}

fn is_dotted(text: &str) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    text.split_once('.').is_some_and(|(noun, rest)| is_word(noun) && is_word(rest))
}

#[test]
fn every_code_is_explained() {
    let known: BTreeSet<String> = refusals::all().iter().map(|known| known.code.to_string()).collect();
    let answered = answered_codes();
    assert!(answered.len() > 120, "the codes are found: {}", answered.len());
    let missing: Vec<&String> = answered.difference(&known).collect();
    assert!(missing.is_empty(), "codes that no refusals.rs explains: {missing:?}");
    let all = code().concat();
    let is_made = |code: &str| all.contains(&format!("\"{code}\"")) || code.starts_with("provider.");
    let idle: Vec<&String> = known.iter().filter(|code| !is_made(code) && !answered.contains(*code)).collect();
    assert!(idle.is_empty(), "codes that are explained and never answered: {idle:?}");
}

#[test]
fn the_catalogue_is_whole() {
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    let operations = operations();
    for refusal in refusals::all() {
        let code = refusal.code;
        if !seen.insert((code, status_of(refusal.kind))) {
            wrong.push(format!("{code} stands there twice"));
        }
        for (what, text) in [("why", refusal.why), ("remedy", refusal.remedy)] {
            if !text.ends_with('.') && !text.ends_with('?') || text.len() < 10 {
                wrong.push(format!("{code}: {what} is a sentence: {text:?}"));
            }
        }
        for place in refusal.places {
            use leadwright::base::refusal::Place;
            let is_there = match place {
                Place::At(id) => operations.iter().any(|(.., operation)| operation["operationId"] == *id),
                Place::Under(start) => operations.iter().any(|(_, path, _)| path.starts_with(start)),
                _ => true,
            };
            if !is_there {
                wrong.push(format!("{code}: there is no operation {place:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_error_response_has_an_example_of_its_own_status() {
    let mut wrong = Vec::new();
    for (_, _, operation) in operations() {
        let id = operation["operationId"].as_str().expect("an operationId");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            if status.starts_with(['2', '3']) {
                continue;
            }
            let examples = &resolved(response)["content"]["application/problem+json"]["examples"];
            let examples = examples.as_object().filter(|examples| !examples.is_empty());
            let Some(examples) = examples else {
                wrong.push(format!("{id} {status} has no example"));
                continue;
            };
            for (code, example) in examples {
                let value = &resolved(example)["value"];
                if value["status"].as_u64() != status.parse().ok() || value["code"] != code.as_str() {
                    wrong.push(format!("{id} {status}: the example of {code} is {value}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

both_engines! {
    async fn a_problem_leads_to_what_there_is_to_say_about_it(app: TestApp) {
        let anyone = app.anonymous();
        let refused = anyone.get("/v1/leads").await.problem(401, "auth.missing_credentials");
        let told = anyone.get(refused["type"].as_str().expect("a type")).await.ok();
        assert_eq!(told["code"], "auth.missing_credentials");
        assert_eq!((&told["statuses"], &told["retry"]), (&serde_json::json!([401]), &serde_json::json!("no")));
        assert_eq!(told["type"], refused["type"]);
        for refusal in refusals::all() {
            let told = anyone.get(&format!("/problems/{}", refusal.code)).await.ok();
            assert!(told["why"].as_str().is_some_and(|why| why.contains(refusal.why)), "{told}");
        }
        let all = anyone.get("/problems").await.ok();
        assert!(all["data"].as_array().is_some_and(|all| all.len() > 100));
        anyone.get("/problems/lead.of_the_ring").await.problem(404, "problem.not_found");
    }

    async fn a_browser_reads_pages(app: TestApp) {
        let browser = app.anonymous().with_header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
        for (path, word) in [("/problems", "lead.not_found"), ("/problems/lead.locked", "GET /v1/usage"), ("/", "/docs/"), ("/v1", "/openapi.json")] {
            let page = browser.get(path).await;
            assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{path}");
            assert!(page.text.contains(word), "{path}: {}", page.text);
            let policy = page.header("content-security-policy").expect("a policy").to_string();
            assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        }
        let style = browser.get("/docs/page.css").await;
        assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    }

    async fn the_front_door_shows_the_way(app: TestApp) {
        let anyone = app.anonymous();
        for path in ["/", "/v1"] {
            let index = anyone.get(path).await.ok();
            assert_eq!((&index["name"], &index["version"]), (&"Leadwright".into(), &env!("CARGO_PKG_VERSION").into()));
            for (name, link) in index["links"].as_object().expect("links") {
                let answer = anyone.get(link.as_str().expect("an address")).await;
                assert_eq!(answer.status, 200, "{name}: {link}");
            }
        }
        anyone.call("POST", "/").await.problem(404, "resource.not_found");
    }
}
