//! The guard against a name that lies, a redirect that leads inside, and answers without end.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// Answers from a list, the last one for ever.
struct Scripted(Mutex<VecDeque<Vec<IpAddr>>>);

impl Scripted {
    fn of(answers: &[&[&str]]) -> Arc<Self> {
        let read = |list: &&[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(read).collect())))
    }
}

#[async_trait::async_trait]
impl Lookup for Scripted {
    async fn lookup(&self, _: &str) -> std::io::Result<Vec<IpAddr>> {
        let mut left = self.0.lock().unwrap();
        let answer = if left.len() > 1 { left.pop_front() } else { left.front().cloned() };
        answer.ok_or_else(|| std::io::Error::other("no such name"))
    }
}

fn outside(loopback: bool, answers: &[&[&str]]) -> Outside {
    let settings = OutsideSettings { loopback, timeout: Duration::from_secs(5), per_minute: None };
    Outside::resolving_by(settings, Scripted::of(answers)).unwrap()
}

/// A receiver that answers every connection with these bytes; tells its port and counts the connections.
async fn receiver(answer: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, calls) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counted = calls.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            let mut bytes = [0; 4096];
            let _ = stream.read(&mut bytes).await;
            let _ = stream.write_all(answer).await;
        }
    });
    (port, calls)
}

#[tokio::test]
async fn a_name_of_an_inside_address_is_refused_at_save_and_at_send() {
    for addresses in
        [&["10.0.0.7"][..], &["169.254.169.254"], &["::1"], &["::ffff:10.0.0.1"], &["8.8.8.8", "127.0.0.1"]]
    {
        let outside = outside(false, &[addresses]);
        let url = "https://hooks.example.com/";
        assert!(outside.check(url).await.unwrap_err().contains("public internet"), "{addresses:?}");
        let refused = outside.post(url, &[], Vec::new()).await.unwrap_err();
        assert_eq!(refused, "refused: the host is not on the public internet", "{addresses:?}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_not_followed_inside() {
    let (port, calls) = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    // Public when it is saved, this machine when it is sent.
    let outside = outside(false, &[&["8.8.8.8"], &["127.0.0.1"]]);
    let url = format!("https://rebinding.example.com:{port}/");
    outside.check(&url).await.unwrap();
    let refused = outside.post(&url, &[], b"{}".to_vec()).await.unwrap_err();
    assert!(refused.starts_with("refused: "), "{refused}");
    assert_eq!(calls.load(Ordering::SeqCst), 0, "nobody was connected to");
}

#[tokio::test]
async fn the_address_that_was_checked_is_the_one_that_is_called() {
    let (port, calls) = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    // The second answer, which would be wrong, is never asked for.
    let outside = outside(true, &[&["127.0.0.1"], &["192.0.2.1"]]);
    let answer = outside.post(&format!("http://localhost:{port}/"), &[], b"{}".to_vec()).await.unwrap();
    assert_eq!((answer.status, answer.excerpt.as_str(), calls.load(Ordering::SeqCst)), (200, "ok", 1));
}

#[tokio::test]
async fn an_unknown_name_may_be_kept_and_fails_when_it_is_called() {
    let outside = outside(false, &[]);
    outside.check("https://not-yet.example.com/").await.unwrap();
    let failed = outside.post("https://not-yet.example.com/", &[], Vec::new()).await.unwrap_err();
    assert_eq!(failed, "resolve: the host's name could not be resolved");
}

#[tokio::test]
async fn redirects_are_answers_like_any_other() {
    let (inside, calls) = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let location =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{inside}/\r\ncontent-length: 0\r\n\r\n");
    let (port, _) = receiver(location.leak().as_bytes()).await;
    let outside = outside(true, &[]);
    let answer = outside.post(&format!("http://127.0.0.1:{port}/"), &[], b"{}".to_vec()).await.unwrap();
    assert_eq!((answer.status, calls.load(Ordering::SeqCst)), (307, 0));
}

#[tokio::test]
async fn a_long_answer_is_cut_off() {
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: 20000\r\n\r\n{}", "x\0".repeat(10_000));
    let (port, _) = receiver(answer.leak().as_bytes()).await;
    let answer = outside(true, &[]).post(&format!("http://127.0.0.1:{port}/"), &[], Vec::new()).await.unwrap();
    assert_eq!(answer.excerpt.chars().count(), EXCERPT);
    assert!(!answer.excerpt.contains('\0'));
}
