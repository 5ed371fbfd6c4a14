//! Fills the database: one large tenant and many small ones, each lead with what a lead leaves behind.
//!
//! The rows are written by the database itself, from one set of statements that says per engine what an id, a moment and a
//! document are. Lead `n` has the id [`lead_id`], so the load and the limit can pick the same random ones. Within a tenant
//! leads come in time order, as they would.

mod dialect;
mod rows;

use leadwright::engine::db::Engine;

use crate::Outcome;
use crate::cast::Tenant;
use crate::database::Database;
use dialect::Dialect;
use rows::rows;

/// How much is seeded.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub tenants: usize,
    /// Leads of all tenants.
    pub leads: usize,
    /// Of them, leads of the first tenant.
    pub big: usize,
    /// A page of 50 leads with status `new` that the first tenant surely has.
    pub deep_page: usize,
    /// Nothing but leads: what only they are asked for needs no messages and no events.
    pub is_bare: bool,
}

impl Size {
    pub const FULL: Self = Self { tenants: 100, leads: 200_000, big: 80_000, deep_page: 1000, is_bare: false };
    pub const QUICK: Self = Self { tenants: 32, leads: 20_000, big: 10_000, deep_page: 120, is_bare: false };

    /// Nearly all of so many leads are one tenant's; the others have a hundred each.
    pub fn many(leads: usize) -> Self {
        let tenants = 10;
        Self { tenants, leads, big: leads - 100 * (tenants - 1), deep_page: leads / 200, is_bare: true }
    }
}

/// The id of seeded lead `n`; the first tenant has 1 to [`Size::big`].
pub fn lead_id(n: u64) -> String {
    format!("01900000-0000-7000-8000-{n:012x}")
}

/// Writes everything. `today` is in microseconds since 1970.
pub fn fill(database: &Database, tenants: &[Tenant], size: Size, today: i64) -> Outcome {
    let dialect = Dialect(database.engine);
    let mut sql = String::new();
    sql.push_str(dialect.of(
        "SET synchronous_commit = off; SET session_replication_role = replica; SET work_mem = '128MB';",
        "PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; PRAGMA cache_size = -400000; PRAGMA temp_store = MEMORY; BEGIN;",
    ));
    plan(&mut sql, &dialect, tenants, size, today);
    let tables = if size.is_bare { 1 } else { usize::MAX };
    if size.is_bare {
        sql.push_str(dialect.of(WITHOUT_INDEXES, ""));
    }
    for statement in rows(&dialect).iter().take(tables) {
        sql.push_str(statement);
        sql.push(';');
    }
    if size.is_bare {
        sql.push_str(dialect.of(WITH_INDEXES, ""));
    }
    let id = |column: &str| match dialect.0 {
        Engine::Postgres => format!("COALESCE(replace(CAST({column} AS text), '-', ''), '')"),
        Engine::Sqlite => format!("COALESCE(lower(hex({column})), '')"),
    };
    let counts = COUNTS.replace("ID(assigned_to)", &id("assigned_to"));
    sql.push_str(&counts.replace("ID(ad_campaign_id)", &id("ad_campaign_id")));
    sql.push_str(
        "UPDATE usage_periods SET used = (SELECT count(*) FROM seeded s WHERE s.tenant_id = usage_periods.tenant_id);",
    );
    sql.push_str(&agreements(&dialect));
    sql.push_str(dialect.of("", "COMMIT;"));
    database.run(&sql)?;
    // What autovacuum would have done by the time a table is this large; SQLite is left as the server leaves it.
    if database.engine == Engine::Postgres {
        database.run("VACUUM (ANALYZE)")?;
        database.run("CHECKPOINT")?;
    } else {
        database.run("PRAGMA wal_checkpoint(TRUNCATE)")?;
    }
    Ok(())
}

/// Millions of rows are written and indexed sooner one after the other than together.
const WITHOUT_INDEXES: &str = "SET maintenance_work_mem = '512MB'; \
    CREATE TEMP TABLE dropped AS SELECT indexname, indexdef FROM pg_indexes \
    WHERE schemaname = current_schema() AND tablename = 'leads' AND indexname <> 'leads_pkey'; \
    DO $$ DECLARE name text; BEGIN \
    FOR name IN SELECT indexname FROM dropped LOOP EXECUTE 'DROP INDEX ' || quote_ident(name); END LOOP; END $$;";
const WITH_INDEXES: &str = "DO $$ DECLARE definition text; BEGIN \
    FOR definition IN SELECT indexdef FROM dropped LOOP EXECUTE definition; END LOOP; END $$;";

/// As the server would have counted them.
const COUNTS: &str = "INSERT INTO kept_counts (tenant_id, noun, k1, k2, k3, k4, k5, k6, k7, k8, total) \
    SELECT tenant_id, 'lead', status, source, validity, CASE WHEN score >= 80 THEN 'hot' WHEN score >= 60 THEN 'warm' \
    WHEN score >= 40 THEN 'qualified' WHEN score >= 20 THEN 'cold' ELSE 'unqualified' END, \
    CASE WHEN is_locked THEN 'true' ELSE 'false' END, ID(assigned_to), ID(ad_campaign_id), '', count(*) FROM leads \
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9;";

/// Owners opened the mailed link, and their phones agreed to alerts, as in any tenant that has worked for a while.
fn agreements(dialect: &Dialect) -> String {
    let phone = dialect.of("t.profile ->> 'phone'", "json_extract(t.profile, '$.phone')");
    format!(
        "UPDATE users SET email_verified_at = created_at; UPDATE tenants SET verified_at = created_at; \
         INSERT INTO notification_recipients (tenant_id, channel, address, token_hash, confirmed_at, created_at) \
         SELECT t.id, 'whatsapp', {phone}, 'seeded ' || ({phone}), t.created_at, t.created_at FROM tenants t \
         WHERE {phone} IS NOT NULL ON CONFLICT DO NOTHING;"
    )
}

/// `seeded`: one row per lead with its number `n`, its place `k` within its tenant and its moment.
fn plan(sql: &mut String, dialect: &Dialect, tenants: &[Tenant], size: Size, today: i64) {
    let (uuid, numbers) = (dialect.of("uuid", "BLOB"), size.leads);
    sql.push_str(&format!("CREATE TEMP TABLE who (tenant_id {uuid}, user_id {uuid}, low BIGINT, high BIGINT);"));
    let others = (tenants.len() - 1).max(1);
    let each = (size.leads - size.big) / others;
    let mut low = 1;
    for (index, tenant) in tenants.iter().enumerate() {
        let count = match index {
            0 => size.big,
            _ if index == others => size.leads - size.big - each * (others - 1),
            _ => each,
        };
        let literal = |id: &str| match dialect.0 {
            Engine::Postgres => format!("'{id}'"),
            Engine::Sqlite => format!("x'{}'", id.replace('-', "")),
        };
        let high = low + count - 1;
        sql.push_str(&format!(
            "INSERT INTO who VALUES ({}, {}, {low}, {high});",
            literal(&tenant.id),
            literal(&tenant.user_id)
        ));
        low = high + 1;
    }
    let series = match dialect.0 {
        Engine::Postgres => format!("generate_series(1, {numbers}::bigint) AS numbers (n)"),
        Engine::Sqlite => format!(
            "(WITH RECURSIVE counter (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < {numbers}) \
             SELECT n FROM counter) AS numbers"
        ),
    };
    // The last 25 days before today, so that everything lies within the running period of metering or just before it.
    let span = 25_i64 * 86_400_000_000;
    sql.push_str(&format!(
        "CREATE TEMP TABLE seeded AS SELECT n, who.tenant_id, who.user_id, n - low AS k, \
         {} - {span} + ((n - low) * {span}) / (high - low + 1) AS micros \
         FROM {series} JOIN who ON n BETWEEN low AND high ORDER BY n;",
        today
    ));
    sql.push_str(dialect.of("ANALYZE seeded;", ""));
}

/// Finished jobs of the past week, as many as leads: for looking at plans. The workloads begin without any.
pub fn fill_jobs(database: &Database) -> Outcome {
    let d = Dialect(database.engine);
    let count = if database.engine == Engine::Postgres {
        "generate_series(1, 200000::bigint) AS s (n)"
    } else {
        "(WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200000) SELECT n FROM c) AS s"
    };
    let now = "1800000000000000 - 10000000 * (200000 - n)";
    let tenant = "(SELECT id FROM tenants ORDER BY id LIMIT 1)";
    database.run(&format!(
        "INSERT INTO jobs (id, tenant_id, kind, payload, state, priority, run_at, attempt, max_attempts, created_at, finished_at) \
         SELECT {}, {tenant}, {}, {}, CASE WHEN n % 100 = 0 THEN 'dead' WHEN n % 1000 = 1 THEN 'scheduled' \
         WHEN n % 1000 = 2 THEN 'available' ELSE 'done' END, 5, {at}, 1, 10, {at}, \
         CASE WHEN n % 1000 NOT IN (1, 2) THEN {at} END FROM {count}",
        d.id(11, "n"),
        d.pick("n", &["notify.lead_created", "webhook.process", "notification.deliver"]),
        d.json("'{}'"),
        at = d.at(now),
    ))?;
    if database.engine == Engine::Postgres {
        database.run("VACUUM (ANALYZE) jobs")?;
    }
    Ok(())
}
