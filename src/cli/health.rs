//! `leadwright health`: is the process beside us ready? For health checks in places without curl.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::Source;

const LIMIT: Duration = Duration::from_secs(5);

/// Asks `/readyz` where the process answers: on the monitoring port when it has one, on the public one otherwise.
pub(super) fn run(source: &Source) -> super::Outcome {
    let bind = source.get("MONITOR_BIND").or(source.get("BIND")).unwrap_or("127.0.0.1:8080");
    let bind: SocketAddr = bind.parse().map_err(|_| format!("{bind} is no address and port"))?;
    let status = ask(reachable(bind)).map_err(|error| format!("{bind} does not answer: {error}"))?;
    if status == "200" { Ok(()) } else { Err(format!("{bind} is not ready: it answers {status}").into()) }
}

/// Whoever listens on every address is reached on this machine's own.
fn reachable(mut bind: SocketAddr) -> SocketAddr {
    match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => bind.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => bind.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    bind
}

/// The status of the answer.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut opening = [0; 12]; // "HTTP/1.1 200"
    stream.read_exact(&mut opening)?;
    Ok(String::from_utf8_lossy(&opening[9..]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_everywhere_is_reached_here() {
        for (bind, reached) in
            [("0.0.0.0:8080", "127.0.0.1:8080"), ("[::]:80", "[::1]:80"), ("10.0.0.7:8080", "10.0.0.7:8080")]
        {
            assert_eq!(reachable(bind.parse().unwrap()).to_string(), reached);
        }
    }
}
