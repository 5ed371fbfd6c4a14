//! For tests: a pooler in transaction mode, as far as it can be told from a server. It takes no `options` at the start of a
//! connection, and what is notified does not arrive.

use std::io::{Read, Result, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

/// Numbers that stand where a start-up message has its version.
const ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];
const NOTIFICATION: u8 = b'A';

pub(super) struct Pooler {
    pub url: String,
}

impl Pooler {
    /// In front of the server of this URL, for as long as the process lives.
    pub fn before(server: &str) -> Self {
        let mut url = url::Url::parse(server).expect("a URL");
        let behind = format!("{}:{}", url.host_str().expect("a host"), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(listener.local_addr().expect("an address").port())).expect("a port");
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let behind = behind.clone();
                // A connection that breaks is its client's to notice.
                thread::spawn(move || drop(serve(client, &behind)));
            }
        });
        Self { url: url.to_string() }
    }
}

/// A message without its type: its length, which counts itself, and the rest.
fn message(from: &mut impl Read) -> Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let mut rest = vec![0; usize::try_from(u32::from_be_bytes(length)).unwrap_or(4) - 4];
    from.read_exact(&mut rest)?;
    Ok([length.to_vec(), rest].concat())
}

fn serve(mut client: TcpStream, behind: &str) -> Result<()> {
    let start = loop {
        let first = message(&mut client)?;
        let version = first[4..8].try_into().map(u32::from_be_bytes).unwrap_or_default();
        if !ENCRYPTION.contains(&version) {
            break first;
        }
        client.write_all(b"N")?;
    };
    if start.windows(9).any(|word| word == b"\0options\0") {
        let fields = b"SFATAL\0C08P01\0Munsupported startup parameter: options\0\0";
        let length = u32::try_from(fields.len() + 4).unwrap_or_default().to_be_bytes();
        return client.write_all(&[b"E".as_slice(), &length, fields].concat());
    }
    let mut server = TcpStream::connect(behind)?;
    server.write_all(&start)?;
    let (mut asking, mut asked) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        // Whoever hangs up first ends both.
        let _ = std::io::copy(&mut asking, &mut asked);
        let _ = asked.shutdown(Shutdown::Both);
    });
    loop {
        let mut kind = [0; 1];
        server.read_exact(&mut kind)?;
        let rest = message(&mut server)?;
        if kind[0] != NOTIFICATION {
            client.write_all(&[kind.to_vec(), rest].concat())?;
        }
    }
}
