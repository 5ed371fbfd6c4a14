//! A software authenticator: what a browser and a device do with passkeys, by the specification and nothing of ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cbor4ii::core::Value as Cbor;
use cbor4ii::core::enc::Encode as _;
use cbor4ii::core::utils::BufWriter;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn cbor(value: &Cbor) -> Vec<u8> {
    let mut writer = BufWriter::new(Vec::new());
    value.encode(&mut writer).expect("CBOR");
    writer.into_inner()
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}"))
}

enum Key {
    Es256(Box<EcdsaKeyPair>),
    Ed25519(Ed25519KeyPair),
}

/// A device with one passkey, in a browser on some page. Every lie that it could tell is a field.
pub struct Authenticator {
    key: Key,
    pub id: Vec<u8>,
    /// Whose passkey it is, as the platform said when it was made.
    pub handle: Option<String>,
    /// Where the browser is.
    pub origin: String,
    /// The domain that it answers for, instead of the one it is asked for.
    pub domain: Option<String>,
    pub sign_count: u32,
    /// Someone touched it.
    pub is_present: bool,
    /// Someone showed who they are.
    pub is_verified: bool,
    pub can_be_backed_up: bool,
    pub is_backed_up: bool,
    /// The page is inside another's.
    pub is_framed: bool,
    /// What it says that its key is for.
    pub algorithm: i64,
}

impl Authenticator {
    fn with(key: Key, origin: &str, algorithm: i64) -> Self {
        Self {
            key,
            id: rand_id(),
            handle: None,
            origin: origin.into(),
            domain: None,
            sign_count: 0,
            is_present: true,
            is_verified: true,
            can_be_backed_up: false,
            is_backed_up: false,
            is_framed: false,
            algorithm,
        }
    }

    /// A security key, which counts.
    pub fn security_key(origin: &str) -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random);
        Self::with(Key::Es256(Box::new(pair.expect("a key"))), origin, -7)
    }

    /// A passkey that its holder's account copies from device to device.
    pub fn synced(origin: &str) -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
        let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key");
        let device = Self::with(Key::Ed25519(pair), origin, -8);
        Self { can_be_backed_up: true, is_backed_up: true, ..device }
    }

    fn cose(&self) -> Vec<u8> {
        let (number, bytes) = (|number: i64| Cbor::Integer(number.into()), |bytes: &[u8]| Cbor::Bytes(bytes.to_vec()));
        let own = match &self.key {
            Key::Es256(pair) => {
                let point = pair.public_key().as_ref();
                vec![(1, number(2)), (-1, number(1)), (-2, bytes(&point[1..33])), (-3, bytes(&point[33..]))]
            }
            Key::Ed25519(pair) => vec![(1, number(1)), (-1, number(6)), (-2, bytes(pair.public_key().as_ref()))],
        };
        let all = own.into_iter().chain([(3, number(self.algorithm))]).map(|(label, value)| (number(label), value));
        cbor(&Cbor::Map(all.collect()))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::Es256(pair) => pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec(),
            Key::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        let data =
            json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.is_framed });
        data.to_string().into_bytes()
    }

    /// The beginning of what is signed; `further` are flags of what follows.
    fn said(&self, domain: &str, further: u8) -> Vec<u8> {
        let domain = self.domain.as_deref().unwrap_or(domain);
        let flags = [(self.is_present, 1), (self.is_verified, 4), (self.can_be_backed_up, 8), (self.is_backed_up, 16)];
        let flags = flags.iter().filter(|(holds, _)| *holds).fold(further, |all, (_, flag)| all | flag);
        [Sha256::digest(domain).as_slice(), &[flags], &self.sign_count.to_be_bytes()].concat()
    }

    /// `navigator.credentials.create()` with these options, and `toJSON()` of what it gives.
    pub fn create(&mut self, options: &Value) -> Value {
        self.handle = Some(text(&options["user"], "id").into());
        let length = u16::try_from(self.id.len()).expect("short").to_be_bytes();
        let mut said = self.said(text(&options["rp"], "id"), 64);
        said.extend([[0; 16].as_slice(), length.as_slice(), &self.id, &self.cose()].concat());
        let object = Cbor::Map(vec![
            (Cbor::Text("fmt".into()), Cbor::Text("none".into())),
            (Cbor::Text("attStmt".into()), Cbor::Map(Vec::new())),
            (Cbor::Text("authData".into()), Cbor::Bytes(said)),
        ]);
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(self.client_data("webauthn.create", text(options, "challenge"))),
                "attestationObject": encoded(cbor(&object)), "transports": ["internal", "hybrid", "pigeon"],
                "publicKeyAlgorithm": self.algorithm,
            },
        })
    }

    /// `navigator.credentials.get()` with these options, and `toJSON()` of what it gives. A security key counts it.
    pub fn get(&mut self, options: &Value) -> Value {
        let named = options["allowCredentials"].as_array().expect("a list");
        assert!(named.is_empty() || named.iter().any(|one| one["id"] == encoded(&self.id)), "{options}");
        if matches!(self.key, Key::Es256(_)) {
            self.sign_count += 1;
        }
        self.assert(options)
    }

    /// [`Self::get`] without counting, and whether or not it was named.
    pub fn assert(&self, options: &Value) -> Value {
        let said = self.said(text(options, "rpId"), 0);
        let client = self.client_data("webauthn.get", text(options, "challenge"));
        let signature = self.sign(&[said.as_slice(), Sha256::digest(&client).as_slice()].concat());
        json!({
            "id": encoded(&self.id), "rawId": encoded(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encoded(client), "authenticatorData": encoded(said), "signature": encoded(signature),
                "userHandle": self.handle,
            },
        })
    }
}

fn rand_id() -> Vec<u8> {
    let mut id = vec![0; 20];
    ring::rand::SecureRandom::fill(&SystemRandom::new(), &mut id).expect("random bytes");
    id
}
