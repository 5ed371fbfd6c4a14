//! Opening connections: the engine is chosen by the URL's scheme and by nothing else.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::conn::DbConn;
use super::liveness::watchful;

/// Which engine a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Postgres,
    Sqlite,
}

impl Engine {
    /// # Errors
    /// Says which schemes exist.
    pub fn of(url: &str) -> Result<Self, String> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            Some("sqlite") => Ok(Self::Sqlite),
            _ => Err("expected sqlite://path/to/file.db or postgres://user:password@host:5432/database".into()),
        }
    }
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Sqlite => "sqlite",
        }
    }
}

/// How connections are opened.
#[derive(Clone)]
pub struct Manager {
    pub engine: Engine,
    pub url: String,
    /// SQLite only: readers are opened so that a stray write fails.
    pub read_only: bool,
    /// PostgreSQL only: for the statements of the job engine. A commit is answered before it is on the disk. And a plan that
    /// was made while the table was small is kept when it has grown, so only plans that bear it are allowed: row by row,
    /// through an index. This is said when the connection is opened and never as a `SET`: a pooler would hand a connection
    /// with it to others, whose writes must be on the disk. One that does not take it has these connections be like all.
    pub is_hasty: bool,
    pub synchronous: String,
}

/// Why there is no connection, in the driver's words: for logs and operators, never for callers.
#[derive(Debug, thiserror::Error)]
#[error("{why}")]
pub struct NotConnected {
    why: String,
    /// There was one, and it is gone; the server may well let us in again at once.
    was_connected: bool,
}

/// Of a server that is there and has no place for us, which may change in a moment.
const FULL: [&str; 2] = ["too many clients", "remaining connection slots"];

impl NotConnected {
    /// Of a connection that there was.
    pub fn any_more(why: &str) -> Self {
        Self { why: why.into(), was_connected: true }
    }
    /// Did the server let us in no more than if it were not there?
    pub fn is_absence(&self) -> bool {
        !self.was_connected && !FULL.iter().any(|sign| self.why.contains(sign))
    }
    fn refused(why: impl std::fmt::Display) -> Self {
        Self { why: why.to_string(), was_connected: false }
    }
}

impl From<ConnectionError> for NotConnected {
    fn from(error: ConnectionError) -> Self {
        Self::refused(error)
    }
}

impl From<diesel::result::Error> for NotConnected {
    fn from(error: diesel::result::Error) -> Self {
        Self::refused(error)
    }
}

impl From<std::io::Error> for NotConnected {
    fn from(error: std::io::Error) -> Self {
        Self::refused(error)
    }
}

/// How long PostgreSQL may work on one statement.
const STATEMENT_TIMEOUT: &str = "30s";

impl Manager {
    pub fn connect(&self) -> Result<DbConn, NotConnected> {
        let conn = match self.engine {
            Engine::Postgres => {
                let mut conn = self.connect_to_postgres()?;
                // The same on all our connections, so a pooler may hand them on among these.
                // Our statements are short: compiling one would take longer than running it.
                conn.batch_execute(&format!(
                    "SET TIME ZONE 'UTC'; SET statement_timeout = '{STATEMENT_TIMEOUT}'; SET lock_timeout = '10s'; \
                     SET idle_in_transaction_session_timeout = '60s'; SET jit = off"
                ))?;
                DbConn::Postgres(conn)
            }
            Engine::Sqlite => {
                let path = self.url.strip_prefix("sqlite://").unwrap_or(&self.url);
                super::files::make_database(std::path::Path::new(path))?;
                let mut conn = SqliteConnection::establish(path)?;
                conn.batch_execute(&format!(
                    "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = {}; PRAGMA foreign_keys = ON; \
                     PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000; PRAGMA query_only = {};",
                    self.synchronous, self.read_only
                ))?;
                DbConn::Sqlite(conn)
            }
        };
        Ok(conn)
    }

    fn connect_to_postgres(&self) -> Result<PgConnection, NotConnected> {
        let url = watchful(&self.url);
        if !self.is_hasty {
            return Ok(PgConnection::establish(&url)?);
        }
        match PgConnection::establish(&with_options(&url, HASTY)) {
            // Its words, in every version: "unsupported startup parameter: options", "… in options: …".
            Err(error) if error.to_string().contains("startup parameter") => {
                tracing::debug!(%error, "a pooler stands before the database");
                Ok(PgConnection::establish(&url)?)
            }
            opened => Ok(opened?),
        }
    }
}

/// See [`Manager::is_hasty`].
const HASTY: [&str; 4] =
    ["synchronous_commit=off", "enable_seqscan=off", "enable_hashjoin=off", "enable_mergejoin=off"];

/// The URL of a server, which names these settings for the session, beside those it names already.
fn with_options(url: &str, settings: [&str; 4]) -> String {
    let ours = settings.map(|setting| format!("-c%20{}", setting.replace('=', "%3D"))).join("%20");
    let (place, query) = url.split_once('?').unwrap_or((url, ""));
    let (options, others): (Vec<&str>, Vec<&str>) =
        query.split('&').filter(|pair| !pair.is_empty()).partition(|pair| pair.starts_with("options="));
    let given = options.iter().filter_map(|pair| pair.strip_prefix("options=")).filter(|given| !given.is_empty());
    let options = given.chain([ours.as_str()]).collect::<Vec<_>>().join("%20");
    let pairs: Vec<String> = others.iter().map(ToString::to_string).chain([format!("options={options}")]).collect();
    format!("{place}?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use diesel::sql_types::Text as SqlText;

    use super::super::pooler::Pooler;
    use super::super::testing::server_url;
    use super::*;

    #[derive(QueryableByName)]
    struct Shown {
        #[diesel(sql_type = SqlText)]
        value: String,
    }

    fn setting(url: &str, is_hasty: bool, name: &str) -> String {
        let url = url.to_string();
        let manager = Manager { engine: Engine::Postgres, url, read_only: false, is_hasty, synchronous: "FULL".into() };
        let Ok(DbConn::Postgres(mut conn)) = manager.connect() else { panic!("no connection") };
        let shown: Shown = diesel::sql_query(format!("SELECT current_setting('{name}') AS value"))
            .get_result(&mut conn)
            .expect("a setting");
        shown.value
    }

    #[test]
    fn haste_is_said_at_the_start_of_a_connection_and_never_where_it_would_reach_others() {
        let server = server_url();
        for (is_hasty, expected) in [(true, "off"), (false, "on")] {
            assert_eq!(setting(&server, is_hasty, "enable_hashjoin"), expected);
        }
        assert_eq!(setting(&server, true, "synchronous_commit"), "off");
        let pooled = Pooler::before(&server).url;
        for name in ["enable_hashjoin", "enable_seqscan", "enable_mergejoin"] {
            assert_eq!(setting(&pooled, true, name), "on", "{name}");
        }
        assert_eq!(setting(&pooled, true, "lock_timeout"), "10s", "what all of ours have it has too");
    }

    #[test]
    fn a_full_server_is_there_and_a_lost_connection_says_nothing_of_it() {
        assert!(NotConnected::refused("connection to server at \"db\" failed: Connection refused").is_absence());
        assert!(NotConnected::refused("FATAL:  the database system is starting up").is_absence());
        assert!(!NotConnected::refused("FATAL:  sorry, too many clients already").is_absence());
        assert!(!NotConnected::any_more("the server closed the connection").is_absence());
    }

    #[test]
    fn options_of_the_url_stay() {
        let named = "-c%20a%3Doff%20-c%20b%3Don%20-c%20c%3Doff%20-c%20d%3Doff";
        let settings = ["a=off", "b=on", "c=off", "d=off"];
        for (url, expected) in [
            ("postgres://db/x", format!("postgres://db/x?options={named}")),
            ("postgres://db/x?sslmode=require", format!("postgres://db/x?sslmode=require&options={named}")),
            (
                "postgres://db/x?options=-csearch_path%3Ds&connect_timeout=3",
                format!("postgres://db/x?connect_timeout=3&options=-csearch_path%3Ds%20{named}"),
            ),
        ] {
            assert_eq!(with_options(url, settings), expected);
        }
    }
}
