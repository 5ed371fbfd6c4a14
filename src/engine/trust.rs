//! Whom we believe when we call them by TLS: whoever this machine's certificates vouch for.
//!
//! They are read once per process, at the first client. Refuses everybody where there are none. TLS with PostgreSQL is not
//! ours but libpq's (see [`super::db`]).

use std::sync::{Arc, OnceLock};

use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, RootCertStore};

static BELIEF: OnceLock<ClientConfig> = OnceLock::new();

/// For an HTTP client: `builder.tls_backend_preconfigured(trust::machine())`.
pub fn machine() -> ClientConfig {
    BELIEF.get_or_init(|| believing(certificates())).clone()
}

/// For libraries that make their HTTP client by themselves.
pub fn provide() {
    // Whoever came first provided the same.
    let _ = CryptoProvider::install_default(ring::default_provider());
}

fn certificates() -> RootCertStore {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (read, _) = roots.add_parsable_certificates(found.certs);
    if read == 0 {
        tracing::warn!(errors = ?found.errors, "this machine has no certificates, so nobody is believed who is called by TLS");
    }
    roots
}

fn believing(roots: RootCertStore) -> ClientConfig {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3 are compiled in")
        .with_root_certificates(roots)
        .with_no_client_auth()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
    use rustls::{
        CertificateError, ClientConnection, ConnectionCommon, Error, ServerConfig, ServerConnection, SideData,
    };

    use super::*;

    // Made for this test, for provider.example; it vouches for itself until 2119.
    const CERTIFICATE: &str = "MIIBpzCCAU2gAwIBAgIUN5vukgLnCHqAo+I/PJWGx6JCmtswCgYIKoZIzj0EAwIwGzEZMBcGA1UEAwwQcHJvdmlkZXIuZXhhbXBs\
         ZTAgFw0yMDAxMDEwMDAwMDBaGA8yMTE5MTIwODAwMDAwMFowGzEZMBcGA1UEAwwQcHJvdmlkZXIuZXhhbXBsZTBZMBMGByqGSM49\
         AgEGCCqGSM49AwEHA0IABDkEVQAFthqVcJ0C007ePqVwyLN02zEtmkEi2kemHQ/pBlkoZO7GsTaVMaAdWQMb+6Y6CNikJ8p/gj37\
         KcCmw1+jbTBrMB0GA1UdDgQWBBT7SyXJ0pzOk7Ek6uk3056AyK5kgjAfBgNVHSMEGDAWgBT7SyXJ0pzOk7Ek6uk3056AyK5kgjAb\
         BgNVHREEFDASghBwcm92aWRlci5leGFtcGxlMAwGA1UdEwEB/wQCMAAwCgYIKoZIzj0EAwIDSAAwRQIgXyURSdU63G2Yp+kojOVw\
         Nz8fRV2YCileBmunQ/oER/ACIQCTKWw744LsT4XodengWI7Daw+yuCVsY3GSb9u/LEYnqQ==";
    const KEY: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIbRA5WVZu8x8B4Xe/HiY7nRES0XnkKczsUf31lkATamhRANCAAQ5\
         BFUABbYalXCdAtNO3j6lcMizdNsxLZpBItpHph0P6QZZKGTuxrE2lTGgHVkDG/umOgjYpCfKf4I9+ynApsNf";

    fn certificate() -> CertificateDer<'static> {
        STANDARD.decode(CERTIFICATE).expect("base64").into()
    }

    fn pass<A: SideData, B: SideData>(
        from: &mut ConnectionCommon<A>,
        to: &mut ConnectionCommon<B>,
    ) -> Result<(), Error> {
        let mut wire = Vec::new();
        while from.wants_write() {
            from.write_tls(&mut wire).expect("written");
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            to.read_tls(&mut rest).expect("read");
            to.process_new_packets()?;
        }
        Ok(())
    }

    fn meet(config: ClientConfig, name: &'static str) -> Result<(), Error> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(STANDARD.decode(KEY).expect("base64")));
        let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate()], key)?;
        let mut server = ServerConnection::new(Arc::new(server))?;
        let mut client = ClientConnection::new(Arc::new(config), name.try_into().expect("a name"))?;
        while client.is_handshaking() || server.is_handshaking() {
            pass(&mut client, &mut server)?;
            pass(&mut server, &mut client)?;
        }
        Ok(())
    }

    fn knowing() -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(certificate()).expect("a certificate");
        believing(roots)
    }

    #[test]
    fn only_whom_the_machine_vouches_for_is_believed_and_only_under_their_own_name() {
        let stranger = Err(Error::InvalidCertificate(CertificateError::UnknownIssuer));
        assert_eq!(meet(machine(), "provider.example"), stranger);
        assert_eq!(meet(believing(RootCertStore::empty()), "provider.example"), stranger);
        assert_eq!(meet(knowing(), "provider.example"), Ok(()));
        let disguised = meet(knowing(), "other.example");
        assert!(
            matches!(
                disguised,
                Err(Error::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }
                ))
            ),
            "{disguised:?}"
        );
    }
}
