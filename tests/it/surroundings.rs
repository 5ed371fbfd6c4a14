//! The process among those who may reach it: what strangers can make it keep, show and say.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::json;

use crate::both_engines;
use crate::support::{OPERATOR_KEY, Process, free_port, leadwright, until};

/// Sends bytes as they are, which no HTTP client would, and answers what comes back until the end.
fn raw(url: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a connection");
    let _ = stream.write_all(bytes);
    // Neither fails because the server has hung up already.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let mut answer = Vec::new();
    // A server may hang up on what it cannot read.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn ask(method: &str, path: &str, host: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").into_bytes()
}

both_engines! {
    async fn nothing_that_a_stranger_invents_makes_the_metrics_grow(app: TestApp) {
        let anyone = app.anonymous();
        // Everything that anybody may ask has been asked once.
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"] {
            raw(&app.url, &ask(method, "/nowhere", "x"));
            raw(&app.url, &ask(method, "/v1/webhooks/nobody", "x"));
            raw(&app.url, &ask(method, "/v1/leads/nothing", "x"));
        }
        anyone.post("/v1/webhooks/meta", json!({})).await;
        anyone.get("/metrics").await;
        let before = anyone.get("/metrics").await.text.lines().count();
        for n in 0..40 {
            let long = "A".repeat(1000);
            raw(&app.url, &ask(&format!("M{n}{long}"), "/", "x"));
            raw(&app.url, &ask("GET", &format!("/nowhere/{n}/{long}"), &format!("host{n}.example.com")));
            raw(&app.url, &ask("GET", &format!("/v1/leads/{n}{long}"), "x"));
            anyone.post(&format!("/v1/webhooks/provider-{n}"), json!({})).await;
            anyone.get("/healthz").header("x-request-id", &format!("id-{n}")).await;
        }
        anyone.get("/metrics").await;
        let after = anyone.get("/metrics").await.text;
        // A histogram's lines, for the one route and the few statuses that were not met before.
        assert!(after.lines().count() <= before + 3 * 20, "{before} lines became {}", after.lines().count());
        assert!(!after.contains("M1") && after.contains("method=\"other\""), "{after}");
    }

    async fn no_answer_may_be_framed_or_sniffed_and_only_the_documentation_runs(app: TestApp) {
        let anyone = app.anonymous();
        for path in ["/docs/", "/docs/swagger-ui-bundle.js", "/openapi.json", "/v1/leads", "/healthz", "/nowhere", "/docs"] {
            let answer = anyone.get(path).await;
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
            let policy = answer.header("content-security-policy").unwrap_or_default();
            assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{path}: {policy}");
            assert_eq!(policy.contains("script-src 'self'"), path.starts_with("/docs/"), "{path}: {policy}");
            assert!(!policy.contains("script-src 'self' 'unsafe"), "{path}: {policy}");
        }
    }

    async fn metrics_are_on_the_public_port_only_where_asked_for(app: TestApp) {
        let quiet = TestApp::start(app.engine, &[("METRICS_PUBLIC", "false")]).await;
        quiet.anonymous().get("/metrics").await.problem(404, "metrics.not_here");
        quiet.anonymous().get("/healthz").await.ok();
        app.anonymous().get("/metrics").await.expect(200);
    }

    async fn at_a_public_address_the_twins_are_this_machines_and_the_operators(app: TestApp) {
        let public = TestApp::start(app.engine, &[("PUBLIC_URL", "https://leads.example.com"), ("SANDBOX", "yes-in-public")]).await;
        let (anyone, operator) = (public.anonymous(), public.operator());
        anyone.get("/sandbox/outbox").await.ok();
        for path in ["/sandbox/outbox", "/%73andbox/outbox", "/sandbox/clock", "/sandbox/meta/leads", "/sandbox/faults"] {
            for through in [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9"), ("via", "1.1 proxy"), ("host", "leads.example.com")] {
                anyone.get(path).header(through.0, through.1).await.problem(401, "auth.missing_credentials");
            }
        }
        operator.get("/sandbox/outbox").header("x-forwarded-for", "203.0.113.9").await.ok();
        let owner = public.tenant("Owner").await.owner;
        owner.get("/sandbox/outbox").header("x-forwarded-for", "203.0.113.9").await.problem(403, "auth.operator_required");
        // On a machine of one's own there is nobody to keep out.
        app.anonymous().get("/sandbox/outbox").header("x-forwarded-for", "203.0.113.9").await.ok();
        let gauge = anyone.get("/metrics").await.text;
        assert!(gauge.contains("leadwright_sandbox 1"), "{gauge}");
        let info = gauge.lines().find(|line| line.starts_with("leadwright_build_info{")).expect("who runs");
        assert!(info.contains(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"")) && info.ends_with(" 1"), "{info}");
    }

    async fn twins_at_a_public_address_are_refused_unless_they_are_said_twice(app: TestApp) {
        let key = app.app.config.master_key.to_base64();
        let settings = [
            ("DATABASE_URL", app.app.config.database.url.as_str()), ("MASTER_KEY", &key), ("SANDBOX", "true"),
            ("PUBLIC_URL", "https://leads.abc-realty.in"),
        ];
        for arguments in [["serve"].as_slice(), &["worker"], &["doctor"]] {
            let output = leadwright(arguments, &settings).output().expect("it runs");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && said.contains("LEADWRIGHT_SANDBOX: ") && said.contains("yes-in-public"), "{arguments:?}: {said}");
        }
    }

    async fn a_worker_says_where_it_found_no_twins(app: TestApp) {
        let (key, bind) = (app.app.config.master_key.to_base64(), format!("127.0.0.1:{}", free_port()));
        let settings = [
            ("DATABASE_URL", app.app.config.database.url.as_str()), ("MASTER_KEY", &key), ("SANDBOX", "true"), ("BIND", &bind),
        ];
        let worker = Process::start(&["worker"], &settings);
        until("it is told", async || worker.log().contains("no twins answer at")).await;
        let log = worker.stop();
        assert!(log.contains(&format!("http://{bind} ({bind}: ")) && log.contains("leadwright sandbox"), "{log}");
    }
}

/// What strangers send, well or badly formed: each is answered, and none is a reason to wake anybody.
fn strange() -> Vec<Vec<u8>> {
    let post = |path: &str, kind: &str, body: &str| {
        let length = body.len();
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}").into_bytes()
    };
    let json = "application/json";
    vec![
        ask("GET", "/v1/leads?limit=0&cursor=%00", "x"),
        ask("GET", "/v1/leads/%ff%fe", "x"),
        ask("BREW", "/", "x"),
        ask("CONNECT", "example.com:443", "example.com:443"),
        post("/v1/auth/login", json, "{\"email\": \"a@example.com\""),
        post("/v1/auth/login", json, "{\"email\": \"\\u0000@example.com\", \"password\": \"\\ud800\"}"),
        post("/v1/auth/signup", json, "[[[[[[[[[[[[[[[["),
        post("/v1/auth/refresh", json, "{\"refresh_token\": \"lw_rt_none\"}"),
        post("/v1/webhooks/meta", json, "{\"object\": \"page\"}"),
        post("/v1/webhooks/google-ads", json, "{}"),
        post("/v1/webhooks/twilio/messages", "application/x-www-form-urlencoded", "From=%00&Body=%ff"),
        post("/v1/webhooks/resend", "text/plain", "hello"),
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nContent-Length: 11\r\n\r\n".to_vec(),
        b"GET / HTTP/9.9\r\n\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"POST /v1/leads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_vec(),
        b"POST /v1/leads HTTP/1.1\r\nHost: x\r\nContent-Length: 400\r\n\r\n{".to_vec(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame at all".to_vec(),
        format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(200_000)).into_bytes(),
        format!("GET / HTTP/1.1\r\nHost: x\r\nX-A: {}\r\nConnection: close\r\n\r\n", "a".repeat(60_000)).into_bytes(),
    ]
}

both_engines! {
    async fn no_stranger_can_write_an_error_into_the_log(app: TestApp) {
        let config = &app.app.config;
        let port = free_port();
        let (bind, url, key) = (format!("127.0.0.1:{port}"), format!("http://127.0.0.1:{port}"), config.master_key.to_base64());
        let settings = [
            ("BIND", bind.as_str()),
            ("DATABASE_URL", &config.database.url),
            ("MASTER_KEY", &key),
            ("OPERATOR_KEY", OPERATOR_KEY),
            ("SANDBOX", "yes-in-public"),
            ("PUBLIC_URL", "https://leads.example.com"),
            ("LOG_FORMAT", "text"),
        ];
        let server = Process::start(&["serve"], &settings).ready(&url).await;
        for bytes in strange() {
            raw(&url, &bytes);
            // Who hangs up in the middle.
            let mut stream = TcpStream::connect(&bind).expect("a connection");
            stream.write_all(&bytes[..bytes.len() / 2]).expect("sent");
        }
        let log = server.stop();
        let first = log.lines().next().unwrap_or_default();
        let engine = if config.database.url.starts_with("sqlite") { "engine=\"sqlite\"" } else { "engine=\"postgres\"" };
        for word in [concat!("leadwright ", env!("CARGO_PKG_VERSION"), " starts"), "commit=\"", engine, "schema=\"00"] {
            assert!(first.contains(word), "the first line says who speaks: {word} in {first}");
        }
        let errors: Vec<&str> = log.lines().filter(|line| line.contains("ERROR")).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let warned = log.lines().any(|line| line.contains("WARN") && line.contains("sandbox"));
        assert!(warned, "twins at a public address are told at the start:\n{log}");
    }
}
