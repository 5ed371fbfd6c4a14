//! HTTP/1.1 over one kept-alive connection, as cheaply as it goes: the load shares its cores with what it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection and what arrived on it.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// Status and body of one answer.
pub struct Answer<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Connection {
    pub async fn open(to: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(128 * 1024) })
    }

    /// Sends a whole request and reads the whole answer.
    pub async fn call(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            if let Some((status, head, length)) = parse_head(&self.buffer)? {
                while self.buffer.len() < head + length {
                    if self.stream.read_buf(&mut self.buffer).await? == 0 {
                        return Err(Error::new(ErrorKind::UnexpectedEof, "the answer ended early"));
                    }
                }
                return Ok(Answer { status, body: &self.buffer[head..head + length] });
            }
        }
    }
}

/// Status, length of the head and length of the body, once the head is complete.
fn parse_head(bytes: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let bad = |what: &str| Error::new(ErrorKind::InvalidData, what.to_string());
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| bad("a head that is not text"))?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let status: u16 = status.ok_or_else(|| bad("no status line"))?;
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let length = if status == 204 { Some(0) } else { length };
    Ok(Some((status, end + 4, length.ok_or_else(|| bad("an answer without Content-Length"))?)))
}

/// Writes a request's bytes.
pub fn request(out: &mut Vec<u8>, method: &str, path: &str, key: Option<&str>, headers: &str, body: Option<&[u8]>) {
    out.extend_from_slice(format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n").as_bytes());
    if let Some(key) = key {
        out.extend_from_slice(format!("Authorization: Bearer {key}\r\n").as_bytes());
    }
    out.extend_from_slice(headers.as_bytes());
    if let Some(body) = body {
        let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(body);
    } else {
        out.extend_from_slice(b"\r\n");
    }
}

/// Calls that prepare a run: JSON in, JSON out, and anything but success is an error that quotes the answer.
pub struct Caller {
    to: SocketAddr,
    connection: Option<Connection>,
    key: Option<String>,
    headers: String,
}

impl Caller {
    pub fn new(to: SocketAddr, key: Option<&str>) -> Self {
        Self { to, connection: None, key: key.map(str::to_string), headers: String::new() }
    }

    /// The tenant an operator acts in.
    pub fn within(mut self, tenant: &str) -> Self {
        self.headers = format!("X-Tenant-Id: {tenant}\r\n");
        self
    }

    /// Status and text, whatever the status is.
    pub async fn exchange(&mut self, method: &str, path: &str, body: Option<&Value>) -> Result<(u16, String)> {
        let body = body.map(|body| body.to_string().into_bytes());
        let mut bytes = Vec::new();
        request(&mut bytes, method, path, self.key.as_deref(), &self.headers, body.as_deref());
        let mut connection = match self.connection.take() {
            Some(open) => open,
            None => Connection::open(self.to).await?,
        };
        let answer = connection.call(&bytes).await?;
        let read = (answer.status, String::from_utf8_lossy(answer.body).into_owned());
        self.connection = Some(connection);
        Ok(read)
    }

    pub async fn call(&mut self, method: &str, path: &str, body: Option<Value>) -> crate::Outcome<Value> {
        let (status, text) = self.exchange(method, path, body.as_ref()).await?;
        if !(200..300).contains(&status) {
            return Err(format!("{method} {path} was answered {status}: {text}").into());
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
    pub async fn get(&mut self, path: &str) -> crate::Outcome<Value> {
        self.call("GET", path, None).await
    }
    pub async fn post(&mut self, path: &str, body: Value) -> crate::Outcome<Value> {
        self.call("POST", path, Some(body)).await
    }
}

/// A text inside an answer.
pub fn text(value: &Value, pointer: &str) -> crate::Outcome<String> {
    let found = value.pointer(pointer).and_then(Value::as_str).map(str::to_string);
    found.ok_or_else(|| format!("no {pointer} in {value}").into())
}
