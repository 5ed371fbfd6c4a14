//! How a connection to PostgreSQL finds out that the machine at its other end is gone.
//!
//! A machine that dies says nothing, and TCP by itself waits a quarter of an hour for what it sent to be acknowledged. What
//! the URL does not say about that is said here; what it says stays.

/// Names of libpq's parameters, and seconds but for the milliseconds of `tcp_user_timeout`. `connect_timeout` is for each
/// of several hosts; an idle connection is asked for after ten seconds, thrice.
const WATCHFUL: [(&str, u32); 5] = [
    ("connect_timeout", 3),
    ("tcp_user_timeout", 10_000),
    ("keepalives_idle", 10),
    ("keepalives_interval", 3),
    ("keepalives_count", 3),
];

/// The URL of a server, which names how long to wait for it.
pub(super) fn watchful(url: &str) -> String {
    let mut completed = url.to_string();
    for (name, value) in WATCHFUL {
        completed = with_parameter(completed, name, &value.to_string());
    }
    completed
}

/// The URL, which says what the server lists the connection as.
pub(super) fn named(url: &str, application: &str) -> String {
    let spelled = percent_encoding::utf8_percent_encode(application, percent_encoding::NON_ALPHANUMERIC);
    with_parameter(url.to_string(), "application_name", &spelled.to_string())
}

/// What the URL says itself stays.
fn with_parameter(mut url: String, name: &str, value: &str) -> String {
    let query = url.split_once('?').map(|(_, query)| query);
    if query.is_some_and(|query| query.split('&').any(|pair| pair.split('=').next() == Some(name))) {
        return url;
    }
    let glue = match query {
        None => "?",
        Some(query) if query.is_empty() || query.ends_with('&') => "",
        Some(_) => "&",
    };
    url.push_str(&format!("{glue}{name}={value}"));
    url
}

#[cfg(test)]
mod tests {
    use super::{named, watchful};

    const ALL: &str =
        "connect_timeout=3&tcp_user_timeout=10000&keepalives_idle=10&keepalives_interval=3&keepalives_count=3";

    #[test]
    fn a_url_that_says_nothing_is_completed() {
        for url in [
            "postgres://leadwright:secret@db:5432/leadwright",
            "postgresql:///leadwright",
            "postgres://db1:5432,db2:5432/leadwright",
            "postgres://[::1]:5432/leadwright",
        ] {
            assert_eq!(watchful(url), format!("{url}?{ALL}"));
        }
        assert_eq!(watchful("postgres://db/leadwright?"), format!("postgres://db/leadwright?{ALL}"));
        let standby = "postgres://db1,db2/leadwright?target_session_attrs=read-write";
        assert_eq!(watchful(standby), format!("{standby}&{ALL}"));
        let socket = "postgres:///leadwright?host=/run/postgresql&options=-ckeepalives_idle%3D9";
        assert_eq!(watchful(socket), format!("{socket}&{ALL}"));
    }

    #[test]
    fn a_url_says_who_connects_unless_it_does_so_itself() {
        assert_eq!(
            named("postgres://db/x", "leadwright api 0.2.0"),
            "postgres://db/x?application_name=leadwright%20api%200%2E2%2E0"
        );
        assert_eq!(
            named("postgres://db/x?application_name=mine", "leadwright"),
            "postgres://db/x?application_name=mine"
        );
    }

    #[test]
    fn what_a_url_says_stays() {
        let url = "postgres://db/leadwright?tcp_user_timeout=0&connect_timeout=30";
        assert_eq!(watchful(url), format!("{url}&keepalives_idle=10&keepalives_interval=3&keepalives_count=3"));
        let told = format!("postgres://db/leadwright?{ALL}");
        assert_eq!(watchful(&told), told);
    }
}
