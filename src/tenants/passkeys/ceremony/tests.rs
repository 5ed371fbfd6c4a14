//! Held to the examples of the specification itself.

use serde_json::Value as Json;

use super::*;

const VECTORS: &str = include_str!("../../../../tests/fixtures/passkeys/w3c.json");

fn site() -> Site {
    Site::of("https://example.org", None, &[]).expect("a site")
}

fn vectors() -> Vec<(String, Json)> {
    let all: Json = serde_json::from_str(VECTORS).expect("JSON");
    let all = all["vectors"].as_object().expect("vectors by their names");
    all.iter().map(|(name, vector)| (name.clone(), vector.clone())).collect()
}

fn bytes(value: &Json) -> Vec<u8> {
    hex::decode(value.as_str().expect("hex")).expect("hex")
}

fn register(vector: &Json, site: &Site) -> Result<Made, Fault> {
    let said = &vector["registration"];
    let client = ClientData::read(&bytes(&said["clientDataJSON"]), Ceremony::Create, site)?;
    assert_eq!(client.challenge, bytes(&said["challenge"]));
    made(site, &bytes(&said["credential_id"]), &bytes(&said["attestationObject"]))
}

/// With one byte of the signed data, or of the signature, altered.
fn authenticate(
    vector: &Json,
    made: &Made,
    site: &Site,
    alter: impl Fn(&mut Vec<u8>, &mut Vec<u8>),
) -> Result<Used, Fault> {
    let said = &vector["authentication"];
    let client = ClientData::read(&bytes(&said["clientDataJSON"]), Ceremony::Get, site)?;
    assert_eq!(client.challenge, bytes(&said["challenge"]));
    let (mut data, mut signature) = (bytes(&said["authenticatorData"]), bytes(&said["signature"]));
    alter(&mut data, &mut signature);
    let key = PublicKey::read(made.key.cose()).expect("what was kept is read");
    let known = Known { key: &key, sign_count: made.sign_count, can_be_backed_up: made.can_be_backed_up };
    used(site, &client, &data, &signature, &known)
}

#[test]
fn the_specifications_examples_are_read_as_it_says() {
    let mut believed = Vec::new();
    for (name, vector) in vectors() {
        let made = match (register(&vector, &site()), name.as_str()) {
            (Err(Fault::Algorithm), "packed-es384" | "packed-es512" | "packed-ed448") => continue,
            (Err(Fault::Origin), "none-es256-crossOrigin" | "none-es256-topOrigin") => continue,
            (made, _) => made.unwrap_or_else(|fault| panic!("{name}: {fault:?}")),
        };
        let used = authenticate(&vector, &made, &site(), |_, _| ()).unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        assert_eq!(used.sign_count, 0, "{name}");
        for (what, fault) in [
            ("signature", authenticate(&vector, &made, &site(), |_, signature| signature[20] ^= 1)),
            ("verified", authenticate(&vector, &made, &site(), |data, _| data[32] ^= VERIFIED)),
            ("counter", authenticate(&vector, &made, &site(), |data, _| data[36] = 9)),
        ] {
            assert_eq!(fault, Err(Fault::Signature), "{name}: {what}");
        }
        assert_eq!(authenticate(&vector, &made, &site(), |data, _| data[0] ^= 1), Err(Fault::Domain), "{name}");
        assert_eq!(
            authenticate(&vector, &made, &site(), |data, _| data[32] ^= PRESENT),
            Err(Fault::NotPresent),
            "{name}"
        );
        believed.push(name);
    }
    let all_kinds = ["none-es256", "packed-rs256", "packed-eddsa", "none-es256-long-credential-id", "tpm-es256"];
    assert!(all_kinds.iter().all(|kind| believed.iter().any(|name| name == kind)), "{believed:?}");
}

#[test]
fn the_flags_are_told() {
    let (_, vector) = vectors().into_iter().find(|(name, _)| name == "packed-self-es256").expect("a vector");
    let made = register(&vector, &site()).unwrap();
    assert_eq!((made.can_be_backed_up, made.is_backed_up, made.is_verified), (true, true, true));
    let used = authenticate(&vector, &made, &site(), |_, _| ()).unwrap();
    assert_eq!(used, Used { sign_count: 0, is_backed_up: false, is_verified: false, counts_backwards: false });
    let never = Made { can_be_backed_up: false, ..made };
    assert_eq!(authenticate(&vector, &never, &site(), |_, _| ()), Err(Fault::Backup));
    let counted = Made { can_be_backed_up: true, sign_count: 3, ..never };
    assert!(authenticate(&vector, &counted, &site(), |_, _| ()).unwrap().counts_backwards);
}

#[test]
fn another_site_is_not_believed() {
    let (_, vector) = vectors().into_iter().next().expect("a vector");
    let elsewhere = Site::of("https://example.com", None, &[]).unwrap();
    assert_eq!(register(&vector, &elsewhere).unwrap_err(), Fault::Origin);
    // The right page, and a key of another domain.
    let below = Site::of("https://app.example.org", Some("app.example.org"), &[]).unwrap();
    let said = &vector["registration"];
    let made = made(&below, &bytes(&said["credential_id"]), &bytes(&said["attestationObject"]));
    assert_eq!(made.unwrap_err(), Fault::Domain);
    let json = bytes(&said["clientDataJSON"]);
    assert_eq!(ClientData::read(&json, Ceremony::Get, &site()).unwrap_err(), Fault::Ceremony);
}

#[test]
fn garbage_is_refused_and_nothing_else_happens() {
    let (_, vector) = vectors().into_iter().next().expect("a vector");
    let said = &vector["registration"];
    let (id, whole) = (bytes(&said["credential_id"]), bytes(&said["attestationObject"]));
    let refused = |object: &[u8]| made(&site(), &id, object).unwrap_err();
    for end in 0..whole.len() {
        assert_eq!(refused(&whole[..end]), Fault::Malformed, "cut off after {end}");
    }
    assert_eq!(refused(&[&whole[..], &[0]].concat()), Fault::Malformed);
    assert_eq!(made(&site(), b"another", &whole).unwrap_err(), Fault::Malformed);
    // Depth, and lengths that nothing follows.
    let lists = [0x81; 10_000];
    for garbage in [
        &lists[..],
        &[0x9f; 100],
        &[0x5b, 0x7f, 255, 255, 255, 255, 255, 255, 255],
        &[0xbb, 255, 255, 255, 255, 255, 255, 255, 255],
        b"null",
    ] {
        assert_eq!(refused(garbage), Fault::Malformed);
    }
    for at in 0..whole.len() {
        let mut altered = whole.clone();
        altered[at] ^= 0xff;
        // Whatever comes of it, no panic; and never a key of another kind.
        let _ = made(&site(), &id, &altered);
    }
    for json in [
        &b""[..],
        b"{}",
        b"[]",
        b"\xff",
        br#"{"type":"webauthn.create","challenge":"?","origin":"https://example.org"}"#,
    ] {
        assert_eq!(ClientData::read(json, Ceremony::Create, &site()).unwrap_err(), Fault::Malformed);
    }
}
