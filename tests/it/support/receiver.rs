//! An integrator's server: keeps what it is sent, answers as it is told, and can let everybody wait.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine as _;
use hmac::{Hmac, Mac};
use serde_json::Value;
use tokio::sync::watch;

/// One request that arrived.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub path: String,
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: Vec<u8>,
}

impl Arrival {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Which of the signatures this secret made. Written from the specification, not with the product's code.
    pub fn signed_by(&self, secret: &str) -> Option<usize> {
        let key = base64::engine::general_purpose::STANDARD
            .decode(secret.strip_prefix("whsec_").expect("whsec_"))
            .expect("base64");
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).expect("a key");
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes()));
        self.signature.split(' ').position(|given| given == expected)
    }
}

#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

struct State {
    arrivals: watch::Sender<Vec<Arrival>>,
    answers: Mutex<HashMap<String, Answer>>,
    is_open: watch::Sender<bool>,
}

/// Listens on a port of its own. Everything under `/hang` waits until [`Receiver::release`].
pub struct Receiver {
    url: String,
    state: Arc<State>,
    server: actix_web::dev::ServerHandle,
}

async fn take(request: HttpRequest, body: web::Bytes, state: web::Data<State>) -> HttpResponse {
    let header =
        |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_string();
    let path = request.path().to_string();
    let arrival = Arrival {
        path: path.clone(),
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp").parse().unwrap_or_default(),
        signature: header("webhook-signature"),
        body: body.to_vec(),
    };
    state.arrivals.send_modify(|arrivals| arrivals.push(arrival));
    if path.starts_with("/hang") {
        let _ = state.is_open.subscribe().wait_for(|is_open| *is_open).await;
    }
    let answer = state.answers.lock().expect("answers").get(&path).cloned();
    let Some(answer) = answer else { return HttpResponse::Ok().body("thanks") };
    let mut response = HttpResponse::build(actix_web::http::StatusCode::from_u16(answer.status).expect("a status"));
    for header in answer.headers {
        response.insert_header(header);
    }
    response.body(answer.body)
}

impl Receiver {
    pub async fn start() -> Self {
        let (arrivals, is_open) = (watch::Sender::new(Vec::new()), watch::Sender::new(false));
        let state = Arc::new(State { arrivals, answers: Mutex::default(), is_open });
        let data = web::Data::from(state.clone());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let server =
            HttpServer::new(move || actix_web::App::new().app_data(data.clone()).default_service(web::to(take)))
                .workers(1)
                .disable_signals()
                .shutdown_timeout(1)
                .listen(listener)
                .expect("it listens")
                .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, state, server: handle }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// From now on this path answers so.
    pub fn answer(&self, path: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let answer = Answer { status, headers, body: body.into() };
        self.state.answers.lock().expect("answers").insert(path.into(), answer);
    }

    /// What arrived at this path, first to last.
    pub fn arrivals(&self, path: &str) -> Vec<Arrival> {
        self.state.arrivals.borrow().iter().filter(|arrival| arrival.path == path).cloned().collect()
    }

    /// Waits until so many arrived.
    pub async fn until(&self, path: &str, count: usize) -> Vec<Arrival> {
        let mut watching = self.state.arrivals.subscribe();
        let enough = |all: &Vec<Arrival>| all.iter().filter(|arrival| arrival.path == path).count() >= count;
        let waited = tokio::time::timeout(Duration::from_secs(30), watching.wait_for(enough)).await;
        assert!(waited.is_ok(), "{count} requests to {path} did not arrive: {:?}", self.arrivals(path));
        drop(waited);
        self.arrivals(path)
    }

    /// Answers everybody who waits.
    pub fn release(&self) {
        self.state.is_open.send_replace(true);
    }

    pub async fn stop(self) {
        self.release();
        self.server.stop(false).await;
    }
}
