//! The columns that all collections are counted by, each said once.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::super::Where;
use super::super::filter::Part;
use super::super::schema::kept_counts as counts;
use super::super::scope::TenantTx;
use super::{FIELDS, Kind};
use crate::base::Result;
use crate::base::id::TenantId;
use crate::each_engine;

/// The values of the fields that are told apart, empty texts for the others, and how many there are.
pub type Total = ([String; FIELDS], i64);

macro_rules! by_fields {
    ($($k:ident $at:tt),+) => {
        #[derive(Insertable)]
        #[diesel(table_name = counts)]
        struct Count<'a> {
            tenant_id: TenantId,
            noun: &'a str,
            $($k: &'a str,)+
            total: i64,
        }

        /// So many more of a kind, or fewer.
        #[derive(QueryableByName)]
        pub(super) struct Changed {
            #[diesel(sql_type = Text)]
            noun: String,
            $(#[diesel(sql_type = Text)] $k: String,)+
            #[diesel(sql_type = BigInt)]
            change: i64,
        }

        impl Changed {
            pub(super) fn taken_apart(self) -> (String, Kind, i64) {
                (self.noun, [$(self.$k.into()),+], self.change)
            }
        }

        /// All fields, as SQL names them.
        pub(super) const NAMES: [&str; FIELDS] = [$(stringify!($k)),+];
        pub(super) const ALL: &str = "k1, k2, k3, k4, k5, k6, k7, k8";

        pub(super) type Row = ($(by_fields!(@text $k),)+ i64);

        pub(super) fn told(row: Row) -> Total {
            ([$(row.$at),+], row.8)
        }

        /// Adds to a count.
        pub(super) fn add(tx: &mut TenantTx<'_>, noun: &str, kind: &Kind, sum: i64) -> Result<()> {
            let [$($k),+] = kind;
            let row = Count { tenant_id: tx.tenant(), noun, $($k: $k.as_ref(),)+ total: sum };
            let total = counts::total.eq(counts::total + diesel::upsert::excluded(counts::total));
            each_engine!(tx.conn(), conn => diesel::insert_into(counts::table)
                .values(&row)
                .on_conflict((counts::tenant_id, counts::noun, $(counts::$k),+))
                .do_update()
                .set(total)
                .execute(conn))?;
            Ok(())
        }

        /// Those of which the field at this place has one of these values; of none, all.
        pub(super) fn narrowed(which: Where<counts::table, Part>, at: usize, values: &[String]) -> Where<counts::table, Part> {
            match at {
                $($at => which.any(counts::$k, values),)+
                _ => which,
            }
        }
    };
    (@text $k:ident) => { String };
}

by_fields!(k1 0, k2 1, k3 2, k4 3, k5 4, k6 5, k7 6, k8 7);
