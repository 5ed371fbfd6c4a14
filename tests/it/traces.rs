//! One trace from a request through its jobs to the providers, as a collector sees it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use prost::Message;
use serde_json::json;

use crate::both_engines;
use crate::support::{Client, OPERATOR_KEY, PASSWORD, Process, free_port, until};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[derive(Debug, Clone)]
struct Span {
    name: String,
    trace: String,
    id: String,
    parent: String,
    attributes: BTreeMap<String, String>,
}

#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<Span>>>,
    services: Arc<Mutex<Vec<String>>>,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(value: Option<&opentelemetry_proto::tonic::common::v1::AnyValue>) -> String {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => text.clone(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

async fn receive(body: web::Bytes, collector: web::Data<Collector>) -> HttpResponse {
    let request = ExportTraceServiceRequest::decode(body).expect("OTLP in protobuf");
    for batch in request.resource_spans {
        for attribute in batch.resource.unwrap_or_default().attributes {
            if attribute.key == "service.name" {
                collector.services.lock().expect("unpoisoned").push(text(attribute.value.as_ref()));
            }
        }
        for span in batch.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            let mut attributes: BTreeMap<String, String> =
                span.attributes.iter().map(|pair| (pair.key.clone(), text(pair.value.as_ref()))).collect();
            for event in &span.events {
                attributes.extend(
                    event.attributes.iter().map(|pair| (format!("event {}", pair.key), text(pair.value.as_ref()))),
                );
            }
            let span = Span {
                name: span.name,
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                attributes,
            };
            collector.spans.lock().expect("unpoisoned").push(span);
        }
    }
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}

fn collect() -> (String, Collector) {
    let collector = Collector::default();
    let kept = collector.clone();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("its address"));
    let server = HttpServer::new(move || {
        App::new().app_data(web::Data::new(kept.clone())).route("/v1/traces", web::post().to(receive))
    });
    tokio::spawn(server.workers(1).disable_signals().listen(listener).expect("the port").run());
    (url, collector)
}

both_engines! {
    async fn a_request_its_jobs_and_their_calls_are_one_trace(app: TestApp) {
        let config = &app.app.config;
        let (otlp, collector) = collect();
        let key = config.master_key.to_base64();
        let bind = format!("127.0.0.1:{}", free_port());
        let url = format!("http://{bind}");
        let settings = [
            ("BIND", bind.as_str()), ("DATABASE_URL", &config.database.url), ("SQLITE_SYNCHRONOUS", "OFF"), ("MASTER_KEY", &key),
            ("OPERATOR_KEY", OPERATOR_KEY), ("RATE_LIMIT", "off"), ("SANDBOX", "true"),
            ("OTLP_ENDPOINT", &otlp), ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ];
        let server = Process::start(&["serve"], &settings).ready(&url).await;
        let anonymous = Client::new(&url);
        let person = json!({ "email": "owner@traces.example.com", "password": PASSWORD, "business_name": "Traces" });
        let signed_up = anonymous.post("/v1/auth/signup", person).await.created();
        let owner = anonymous.with_token(signed_up["access_token"].as_str().expect("a token"));
        let tenant = signed_up["tenant"]["id"].as_str().expect("a tenant");
        let operator = anonymous.with_token(OPERATOR_KEY).with_header("x-tenant-id", tenant);
        operator.post("/v1/subscriptions", json!({ "plan_code": "growth" })).await.created();
        let lead = json!({ "name": "Priya Sharma", "email": "priya.traced@example.com", "phone": "+919876501234" });
        owner
            .post("/v1/leads", lead)
            .header("traceparent", &format!("00-{TRACE}-{CALLER}-01"))
            .header("x-request-id", "traced-request")
            .await
            .created();
        let traced = || -> Vec<Span> {
            collector.spans.lock().expect("unpoisoned").iter().filter(|span| span.trace == TRACE).cloned().collect()
        };
        let called = |span: &Span| span.name.starts_with("call ");
        until("a provider call in the trace", async || traced().iter().any(called)).await;
        let log = server.stop(); // which hands over what is left
        let spans = traced();
        let by_id: BTreeMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();

        let request = spans.iter().find(|span| span.name == "POST /v1/leads").unwrap_or_else(|| panic!("{spans:#?}"));
        assert_eq!(request.parent, CALLER, "the caller's span is the request's parent");
        assert_eq!(request.attributes["request_id"], "traced-request");
        assert!(request.attributes["http.response.status_code"].contains("201"), "{request:?}");

        let call = spans.iter().find(|span| called(span)).expect("seen above");
        let mut path = vec![call];
        while let Some(above) = by_id.get(path.last().expect("one").parent.as_str()) {
            path.push(above);
        }
        let names: Vec<&str> = path.iter().map(|span| span.name.as_str()).collect();
        assert_eq!(names.last(), Some(&"POST /v1/leads"), "{names:?}");
        assert!(names[1..names.len() - 1].iter().all(|name| name.starts_with("job ")) && names.len() >= 3, "{names:?}");
        let job = path[path.len() - 2];
        assert_eq!(job.attributes["request_id"], "traced-request", "logs and traces name the same request");
        assert!(log.contains("traced-request"));

        // Another request is another trace, and no span names a person.
        let all = collector.spans.lock().expect("unpoisoned").clone();
        let sign_up = all.iter().find(|span| span.name == "POST /v1/auth/signup").expect("every request is traced");
        assert!(sign_up.trace != TRACE && sign_up.parent == "0000000000000000" || sign_up.parent.is_empty());
        let told = format!("{all:?}");
        for private in ["priya.traced", "919876501234", "Priya Sharma", "owner@traces"] {
            assert!(!told.contains(private), "{private} is in a span");
        }
        assert!(collector.services.lock().expect("unpoisoned").iter().all(|name| name == "leadwright"));
    }
}
