//! What writes may rely on when they share a commit, and reads when connections die.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;

use super::schema::idempotency_keys as rows;
use super::testing::on_both_engines;
use super::{Db, Engine, PlatformScope, PlatformTx};
use crate::base::{Error, ErrorKind, Result};

/// Any table will do.
fn insert(tx: &mut PlatformTx<'_>, name: &str) -> Result<()> {
    let now = tx.now();
    diesel::insert_into(rows::table)
        .values((
            rows::scope_hash.eq(name),
            rows::request_hash.eq(""),
            rows::status.eq(0),
            rows::body.eq(""),
            rows::created_at.eq(now),
            rows::expires_at.eq(now),
        ))
        .execute(tx.conn())?;
    Ok(())
}

async fn names(db: &Db) -> Vec<String> {
    let read =
        |tx: &mut PlatformTx<'_>| Ok(rows::table.select(rows::scope_hash).order(rows::scope_hash).load(tx.conn())?);
    db.read(PlatformScope::system(), read).await.expect("rows")
}

fn refusal() -> Error {
    Error::conflict("test.refused", "no")
}

on_both_engines! {
    async fn a_transaction_that_sqlite_ended_by_itself_takes_everything_with_it(db: Db) {
        // PostgreSQL's transactions are nobody else's.
        if db.engine() == Engine::Postgres {
            return;
        }
        let (go, gone) = std::sync::mpsc::channel::<()>();
        let system = PlatformScope::system;
        // Keeps the writer busy until the two behind it share a transaction.
        let busy = db.write(system(), move |_: &mut PlatformTx<'_>| {
            let _ = gone.recv();
            Err::<(), _>(refusal())
        });
        let silent = db.write(system(), |tx: &mut PlatformTx<'_>| {
            insert(tx, "silent")?;
            crate::each_engine!(tx.conn(), c => c.batch_execute("ROLLBACK"))?;
            Ok(())
        });
        let behind = db.write(system(), |tx: &mut PlatformTx<'_>| insert(tx, "behind"));
        let (_, silent, behind, ()) = tokio::join!(busy, silent, behind, async { go.send(()).expect("it waits") });
        assert_eq!(silent.expect_err("it is not there").kind(), ErrorKind::Unavailable);
        let behind_is_there = behind.is_ok();
        assert_eq!(names(&db).await, if behind_is_there { vec!["behind"] } else { vec![] });
        db.write(system(), |tx: &mut PlatformTx<'_>| insert(tx, "next")).await.expect("the writer goes on");
    }

    async fn whoever_fails_among_many_fails_alone(db: Db) {
        let (told, followed) = std::sync::mpsc::channel();
        let writes = (0..40).map(|n| {
            let (db, told) = (db.clone(), told.clone());
            tokio::task::spawn_local(async move {
                db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| {
                    tx.after_commit(move || told.send(n).expect("somebody listens"));
                    insert(tx, &format!("{n:02}"))?;
                    match n % 4 {
                        1 => Err(refusal()),
                        2 => panic!("as it was told to"),
                        3 => insert(tx, &format!("{n:02}")),
                        _ => Ok(()),
                    }
                }).await
            })
        });
        for (n, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
            let kind = write.await.expect("joined").err().map(|error| error.kind());
            let expected = match n % 4 {
                0 => None,
                2 => Some(ErrorKind::Internal),
                _ => Some(ErrorKind::Conflict),
            };
            assert_eq!(kind, expected, "write {n}");
        }
        drop(told);
        let kept: Vec<i32> = (0..40).filter(|n| n % 4 == 0).collect();
        assert_eq!(names(&db).await, kept.iter().map(|n| format!("{n:02}")).collect::<Vec<_>>());
        let mut followed: Vec<i32> = followed.try_iter().collect();
        followed.sort_unstable();
        assert_eq!(followed, kept, "only what was committed is followed by anything");
    }

    async fn what_is_answered_is_there_for_the_next_reader(db: Db) {
        for n in 0..20 {
            let name = format!("{n:02}");
            db.write(PlatformScope::system(), move |tx: &mut PlatformTx<'_>| insert(tx, &name)).await.expect("written");
            assert_eq!(names(&db).await.len(), n + 1);
        }
    }

    async fn long_work_and_short_work_both_come_to_an_end(db: Db) {
        let writes = (0..60).map(|n| {
            let db = db.clone();
            let body = move |tx: &mut PlatformTx<'_>| insert(tx, &format!("{n:02}"));
            tokio::task::spawn_local(async move {
                if n % 3 == 0 { db.write_long(PlatformScope::system(), body).await } else { db.write(PlatformScope::system(), body).await }
            })
        });
        for write in writes.collect::<Vec<_>>() {
            write.await.expect("joined").expect("written");
        }
        assert_eq!(names(&db).await.len(), 60);
    }

    async fn a_lost_transaction_is_lost_for_all_of_it_and_the_next_is_fine(db: Db) {
        // What SQLite does by itself when the disk is full; on PostgreSQL the connection goes.
        let broken = db.clone();
        let first = tokio::task::spawn_local(async move {
            broken.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| insert(tx, "first")).await
        });
        let broken = db.clone();
        let second = tokio::task::spawn_local(async move {
            broken.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| {
                insert(tx, "second")?;
                match tx.conn() {
                    super::DbConn::Sqlite(c) => c.batch_execute("ROLLBACK")?,
                    super::DbConn::Postgres(c) => {
                        let _ = c.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())");
                    }
                }
                Ok(())
            }).await
        });
        let third = db.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| insert(tx, "third")).await;
        let (first, second) = (first.await.expect("joined"), second.await.expect("joined"));
        assert_eq!(second.expect_err("it was lost").kind(), ErrorKind::Unavailable);
        let mut expected: Vec<&str> = Vec::new();
        for (name, result) in [("first", first), ("third", third)] {
            match result {
                Ok(()) => expected.push(name),
                Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable),
            }
        }
        assert_eq!(names(&db).await, expected, "what was acknowledged is there, and nothing else");
        db.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| insert(tx, "z")).await.expect("a new transaction");
    }

    async fn connections_that_died_while_idle_are_not_noticed_by_callers(db: Db) {
        let many: Vec<_> = (0..4).map(|_| {
            let db = db.clone();
            tokio::task::spawn_local(async move { names(&db).await })
        }).collect();
        for read in many {
            read.await.expect("joined");
        }
        if db.engine() == Engine::Postgres {
            let mut other = PgConnection::establish(db.url()).expect("a connection");
            let cut = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name')";
            // The pool may still be opening one that it asked for and no longer needs.
            while other_connections(&mut other) > 0 {
                other.batch_execute(cut).expect("cut");
            }
            // A server process closes its connection a moment after it left the list: be as slow as a new connection.
            for _ in 0..5 {
                PgConnection::establish(db.url()).expect("a connection");
            }
        }
        names(&db).await;
        db.write(PlatformScope::system(), |tx: &mut PlatformTx<'_>| insert(tx, "a")).await.expect("written");
        assert_eq!(names(&db).await, ["a"]);
    }
}

fn other_connections(conn: &mut PgConnection) -> i64 {
    diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(
        "(SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = current_setting('application_name'))",
    ))
    .get_result(conn)
    .expect("a count")
}
