//! The ways to one row of a table that is keyed `(tenant_id, id)`, said once for all such tables.

/// Gives a store what it lists of `insert`, `find`, `get`, `hold`, `save`, `count`, `room` (which takes `count`) and `delete` for its
/// table:
///
/// ```ignore
/// crate::rows!(endpoints: Endpoint, WebhookEndpointId, "webhook_endpoint" => insert, find, get, hold, save);
/// ```
///
/// The noun makes the error: `webhook_endpoint.not_found`, "There is no such webhook endpoint." Another tenant's row is absent
/// like one that never was. To change a row is `hold`, `if_match`, apply, `save`.
#[macro_export]
macro_rules! rows {
    ($table:ident: $Row:ty, $Id:ty, $noun:literal => $($what:ident),+ $(,)?) => {
        $($crate::rows!(@$what $table, $Row, $Id, $noun);)+
    };
    (@insert $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        pub fn insert(tx: &mut $crate::engine::db::TenantTx<'_>, row: &$Row) -> $crate::base::Result<()> {
            ::diesel::insert_into($table::table).values(row).execute(tx.conn())?;
            Ok(())
        }
    };
    (@find $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        pub fn find(tx: &mut $crate::engine::db::TenantTx<'_>, id: $Id) -> $crate::base::Result<Option<$Row>> {
            // Spoken to each engine directly, the statement is recognised by its type and not put together anew.
            let key = (tx.tenant(), id);
            let row = $crate::each_engine!(tx.conn(), c => $table::table.find(key).select(<$Row>::as_select()).first(c));
            Ok(row.optional()?)
        }
    };
    (@get $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        /// # Errors
        /// `not_found` with the noun's code.
        pub fn get(tx: &mut $crate::engine::db::TenantTx<'_>, id: $Id) -> $crate::base::Result<$Row> {
            find(tx, id)?.ok_or_else(|| $crate::engine::db::rows::absent(concat!($noun, ".not_found"), $noun))
        }
    };
    (@hold $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        /// The row as it is now; nobody else changes it until this transaction ends.
        ///
        /// # Errors
        /// `not_found` with the noun's code.
        pub fn hold(tx: &mut $crate::engine::db::TenantTx<'_>, id: $Id) -> $crate::base::Result<$Row> {
            let key = (tx.tenant(), id);
            let row = $crate::held!(tx.conn(), $table::table.find(key).select(<$Row>::as_select()), get_result);
            row.optional()?.ok_or_else(|| $crate::engine::db::rows::absent(concat!($noun, ".not_found"), $noun))
        }
    };
    (@save $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        /// Writes every field of a row that was held, and counts its version up.
        ///
        /// # Errors
        /// `storage.conflict` when it has moved on since it was read.
        pub fn save(tx: &mut $crate::engine::db::TenantTx<'_>, row: &mut $Row) -> $crate::base::Result<()> {
            let read = row.version;
            (row.version, row.updated_at) = (read + 1, tx.now());
            let place = $table::table.find((tx.tenant(), row.id)).filter($table::version.eq(read));
            $crate::engine::db::error::written_once($crate::keep!(tx.conn(), ::diesel::update(place).set(&*row))?)
        }
    };
    (@count $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        /// How many the tenant has.
        pub fn count(tx: &mut $crate::engine::db::TenantTx<'_>) -> $crate::base::Result<i64> {
            Ok($table::table.filter($table::tenant_id.eq(tx.tenant())).count().get_result(tx.conn())?)
        }
    };
    (@room $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        /// Makes sure that the tenant may have one more; whoever makes another meanwhile waits.
        ///
        /// # Errors
        /// `too_many` with the noun's code.
        pub fn room(tx: &mut $crate::engine::db::TenantTx<'_>, most: i64) -> $crate::base::Result<()> {
            $crate::engine::db::dialect::lock_tenant(tx, concat!($noun, "s"))?;
            if count(tx)? < most {
                return Ok(());
            }
            Err($crate::engine::db::rows::full(concat!($noun, ".too_many"), $noun, most))
        }
    };
    (@delete $table:ident, $Row:ty, $Id:ty, $noun:literal) => {
        /// With what hangs on it, leaving a tombstone. `false` when there is none.
        pub fn delete(tx: &mut $crate::engine::db::TenantTx<'_>, id: $Id) -> $crate::base::Result<bool> {
            let was_there = ::diesel::delete($table::table.find((tx.tenant(), id))).execute(tx.conn())? == 1;
            if was_there {
                $crate::engine::db::tombstones::bury(tx, $noun, id.uuid())?;
            }
            Ok(was_there)
        }
    };
}

/// # Errors
/// Is one: 404 in the words of the noun.
pub fn absent(code: &'static str, noun: &str) -> crate::base::Error {
    crate::base::Error::not_found(code, format!("There is no such {}.", noun.replace('_', " ")))
}

/// # Errors
/// Is one: 409 in the words of the noun.
pub fn full(code: &'static str, noun: &str, most: i64) -> crate::base::Error {
    let noun = noun.replace('_', " ");
    crate::base::Error::conflict(code, format!("There are {most} {noun}s already. Delete one first."))
}
