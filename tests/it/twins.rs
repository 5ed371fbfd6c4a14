//! The twins tell what they take, and `docs/sandbox.md` is a day with them.

use serde_json::{Value, json};

use crate::both_engines;
use crate::support::TestApp;

/// Every operation of the twins' document, with its example.
async fn operations(app: &TestApp) -> Vec<(String, String, Value)> {
    let document = app.anonymous().get("/sandbox/openapi.json").await.ok();
    let paths = document["paths"].as_object().expect("paths").clone();
    paths
        .into_iter()
        .flat_map(|(path, item)| {
            let methods = item.as_object().expect("methods").clone();
            methods.into_iter().map(move |(method, operation)| (method, path.clone(), operation))
        })
        .collect()
}

/// The requests of a page: method, path, body. Each is a `curl` of a block of shell.
fn requests_of(page: &str) -> Vec<(String, String, Option<Value>)> {
    let blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let calls = blocks.flat_map(|block| block.split("curl -s ").skip(1));
    let read = |call: &str| {
        let (method, rest) = match call.strip_prefix("-X ") {
            Some(rest) => rest.split_once(' ').expect("a method and an address"),
            None if call.contains(" -d '") => ("POST", call),
            None => ("GET", call),
        };
        let address = rest.trim_start_matches('"').split([' ', '"', '\n']).next().expect("an address");
        let path = address.replace("$sandbox", "/sandbox");
        let body = call.split_once(" -d '").and_then(|(_, rest)| rest.rsplit_once('\'')).map(|(body, _)| body);
        (
            method.to_string(),
            path,
            body.map(|body| serde_json::from_str(body).unwrap_or_else(|error| panic!("{body}: {error}"))),
        )
    };
    calls.map(read).collect()
}

both_engines! {
    async fn the_list_is_the_document(app: TestApp) {
        let list = app.anonymous().get("/sandbox").await.ok();
        let listed: Vec<String> = list["data"].as_array().expect("a list").iter()
            .map(|one| format!("{} {}", one["method"].as_str().expect("a method").to_lowercase(), one["path"].as_str().expect("a path")))
            .collect();
        let described: Vec<String> = operations(&app).await.iter().map(|(method, path, _)| format!("{method} {path}")).collect();
        assert!(listed.len() > 15);
        assert_eq!(listed, described);
        let document = app.anonymous().get("/sandbox/openapi.json").await.ok();
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    }

    /// Examples are requests that work, and answer the status that is described.
    async fn every_example_works(app: TestApp) {
        let anyone = app.anonymous();
        let lead = anyone.get("/sandbox/openapi.json").await.ok()["paths"]["/sandbox/meta/leads"]["post"]["requestBody"]["content"]["application/json"]["example"].clone();
        let known = anyone.post("/sandbox/meta/leads", lead).await.created()["leadgen_id"].clone();
        for (method, path, operation) in operations(&app).await {
            let path = path.replace("{id}", "21000000001");
            let mut body = operation["requestBody"]["content"]["application/json"]["example"].clone();
            if path.ends_with("/resend") {
                body["leadgen_id"] = known.clone();
            }
            let call = anyone.call(&method, &path);
            let answer = if body.is_null() { call.await } else { call.json(body).await };
            let described = operation["responses"].get(answer.status.to_string());
            assert!(answer.status < 300 && described.is_some(), "{method} {path}: {} {}", answer.status, answer.text);
            let required = described.and_then(|one| one["content"]["application/json"]["schema"]["required"].as_array().cloned());
            for name in required.unwrap_or_default() {
                assert!(answer.body.get(name.as_str().expect("a name")).is_some(), "{method} {path} answers no {name}: {}", answer.text);
            }
        }
    }

    async fn the_page_is_a_day_with_them(app: TestApp) {
        let requests = requests_of(include_str!("../../docs/sandbox.md"));
        assert_eq!(requests.len(), 10, "{requests:?}");
        for (method, path, body) in requests {
            let call = app.anonymous().call(&method, &path);
            let answer = match body {
                Some(body) => call.json(body).await,
                None => call.await,
            };
            assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.text);
        }
    }

    async fn their_controls_refuse_as_the_product_does(app: TestApp) {
        let anyone = app.anonymous();
        for (method, path, body) in [
            ("POST", "/sandbox/clock", json!({ "advance_seconds": 0 })),
            ("POST", "/sandbox/clock", json!({ "advance": "a day" })),
            ("PUT", "/sandbox/mailboxes", json!({ "open_links": "no" })),
            ("PUT", "/sandbox/faults", json!({ "faults": [{ "provider": "nobody", "mode": "fail" }] })),
            ("POST", "/sandbox/meta/leads", json!({ "form_id": "1" })),
            ("POST", "/sandbox/meta/leads/batch", json!({ "leads": [] })),
            ("POST", "/sandbox/meta/forms", json!({})),
            ("POST", "/sandbox/google-ads/leads", json!({})),
            ("POST", "/sandbox/twilio/inbound", json!({ "from": "Asha", "to": "us" })),
            ("POST", "/sandbox/twilio/senders", json!({ "channel": "sms", "number": "1" })),
        ] {
            let problem = anyone.call(method, path).json(body).await.problem(400, "sandbox.not_understood");
            assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
        }
        anyone.get("/sandbox/outbox?colour=red").await.problem(400, "sandbox.not_understood");
        anyone.post("/sandbox/meta/resend", json!({ "leadgen_id": "1" })).await.problem(404, "sandbox.lead_not_found");
    }
}
