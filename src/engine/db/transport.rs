//! Whether this build may talk to a PostgreSQL server.
//!
//! TLS is libpq's, and libpq has it only with the feature `postgres-tls`, which everything that is shipped is built with.
//! Without it libpq would talk plainly to whoever it is sent to, so then only servers on this machine are allowed, and none
//! of which somebody asked that it be spoken to by TLS. The URL is read as libpq reads it, with the environment beside it.

use percent_encoding::percent_decode_str;

use super::manager::Engine;

const HAS_TLS: bool = cfg!(feature = "postgres-tls");

/// # Errors
/// Says why not, and what to do.
#[allow(clippy::disallowed_methods)] // libpq reads these by itself, whatever our configuration says
pub fn may_use(url: &str) -> Result<(), String> {
    match Engine::of(url)? {
        Engine::Postgres if !HAS_TLS => judge(url, |name| std::env::var(name).ok()),
        _ => Ok(()),
    }
}

/// Without TLS.
fn judge(url: &str, environment: impl Fn(&str) -> Option<String>) -> Result<(), String> {
    let refusal = |why: &str| {
        Err(format!("this build has no TLS for PostgreSQL, and {why}; build it with `--features postgres-tls`"))
    };
    let named = Named::of(url);
    let says = |parameter: &str, variable: &str| {
        named.parameter(parameter).or_else(|| environment(variable)).filter(|said| !said.is_empty())
    };
    if let Some(mode) = says("sslmode", "PGSSLMODE").filter(|mode| !["disable", "allow", "prefer"].contains(&&**mode)) {
        return refusal(&format!("sslmode={mode} asks for it"));
    }
    if named.parameter("ssl").is_some() {
        return refusal("ssl=true asks for it");
    }
    if says("sslrootcert", "PGSSLROOTCERT").is_some() || says("sslnegotiation", "PGSSLNEGOTIATION").is_some() {
        return refusal("sslrootcert or sslnegotiation asks for it");
    }
    if says("service", "PGSERVICE").is_some() {
        return refusal("a service file may name any server");
    }
    let hosts = named.parameter("host").or(named.hosts.clone()).filter(|hosts| !hosts.is_empty());
    let hosts = hosts.or_else(|| environment("PGHOST"));
    let addresses = says("hostaddr", "PGHOSTADDR");
    let all = [hosts, addresses].into_iter().flatten().collect::<Vec<_>>();
    match all.iter().flat_map(|list| list.split(',')).find(|host| !is_this_machine(host)) {
        Some(host) => refusal(&format!("{host:?} is not this machine")),
        None => Ok(()),
    }
}

/// A socket's folder, or the loopback interface. Nothing is the folder that libpq knows by itself.
fn is_this_machine(host: &str) -> bool {
    let is_socket = host.is_empty() || host.starts_with(['/', '@']);
    is_socket || host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// What a URL names.
struct Named {
    /// Separated by commas.
    hosts: Option<String>,
    parameters: Vec<(String, String)>,
}

impl Named {
    fn of(url: &str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        // A user comes before the first @, if no path came before that.
        let rest = match rest.find(['@', '/']) {
            Some(at) if rest[at..].starts_with('@') => &rest[at + 1..],
            _ => rest,
        };
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let authority = place.split('/').next().unwrap_or_default();
        let hosts = authority.split(',').map(|host| decoded(without_port(host)));
        let pairs = parameters.split('&').filter_map(|pair| pair.split_once('='));
        Self {
            hosts: Some(hosts.collect::<Vec<_>>().join(",")),
            parameters: pairs.map(|(name, value)| (decoded(name), decoded(value))).collect(),
        }
    }

    /// The last one counts.
    fn parameter(&self, name: &str) -> Option<String> {
        self.parameters.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split(':').next().unwrap_or(host),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn without_tls_servers_on_this_machine_may_be_used() {
        for url in [
            "postgres://leadwright:secret@127.0.0.1:5432/leadwright",
            "postgresql://localhost/leadwright?sslmode=prefer",
            "postgres://[::1]:5432,127.0.0.2/leadwright?sslmode=disable",
            "postgres:///leadwright",
            "postgres:///leadwright?host=/run/postgresql&options=-csearch_path%3Ds",
            "postgres://%2Frun%2Fpostgresql/leadwright",
            "postgres://user@/leadwright?host=localhost&hostaddr=127.0.0.1",
        ] {
            assert_eq!(judge(url, nothing), Ok(()), "{url}");
        }
    }

    #[test]
    fn without_tls_no_other_machine_is_talked_to_however_it_is_named() {
        for url in [
            "postgres://leadwright:secret@db:5432/leadwright",
            "postgres://db/leadwright?sslmode=disable",
            "postgres://127.0.0.1,db/leadwright",
            "postgres://127.0.0.1/leadwright?host=db",
            "postgres://localhost/leadwright?hostaddr=192.0.2.1",
            "postgres://localhost/leadwright?ho%73t=db",
            "postgres://localhost?@db/leadwright",
            "postgres://[2001:db8::1]/leadwright",
            "postgres://127.0.0.1.example.com/leadwright",
            "postgres://localhost/leadwright?service=elsewhere",
        ] {
            let refused = judge(url, nothing).expect_err(url);
            assert!(refused.contains("--features postgres-tls"), "{refused}");
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn without_tls_whoever_asks_for_it_is_refused_and_never_answered_plainly() {
        for asked in [
            "sslmode=require",
            "ssl=true",
            "sslmode=verify-ca",
            "sslmode=verify-full",
            "sslrootcert=system",
            "sslnegotiation=direct",
        ] {
            assert!(judge(&format!("postgres://localhost/leadwright?{asked}"), nothing).is_err(), "{asked}");
        }
    }

    #[test]
    fn without_tls_what_the_environment_tells_libpq_counts_too() {
        for (name, value) in
            [("PGHOST", "db"), ("PGHOSTADDR", "192.0.2.1"), ("PGSSLMODE", "require"), ("PGSERVICE", "elsewhere")]
        {
            let environment = |asked: &str| (asked == name).then(|| value.to_string());
            assert!(judge("postgres:///leadwright", environment).is_err(), "{name}");
        }
        let elsewhere = |asked: &str| (asked == "PGHOST").then(|| "db".to_string());
        assert_eq!(judge("postgres://localhost/leadwright", elsewhere), Ok(()), "the URL comes first");
    }

    #[test]
    fn a_build_with_tls_leaves_it_to_the_url() {
        assert_eq!(may_use("postgres://db/leadwright").is_ok(), HAS_TLS);
        assert_eq!(may_use("sqlite://data/leadwright.db"), Ok(()));
        assert!(may_use("mysql://x").is_err());
    }
}
