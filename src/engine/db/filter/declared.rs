//! The filters of a list, each with what it asks of which column.

/// The filters that a list takes, as a query says them: each names the [condition](super::Where) it is and its column. `narrow` adds
/// those that were given to a condition.
///
/// ```ignore
/// crate::filter! {
///     /// Which parcels to list.
///     pub struct ParcelFilter of parcels {
///         status: Option<ParcelStatus> => eq status,
///         /// At this moment or later.
///         sent_after: Option<Timestamp> => since sent_at,
///         sent_before: Option<Timestamp> => before sent_at,
///         /// Only those that somebody signed for, or only the others.
///         is_signed: Option<bool> => has signed_at,
///         city: Option<Line<1, 80>> => spelled city,
///         /// Part of an address.
///         q: Option<Text<0, 120>> => finds search,
///         is_late: Option<bool> => by hand,
///     }
/// }
/// let which = filter.narrow(Where::of(tx, parcels::tenant_id));
/// ```
///
/// What stands after `=>` is a function of [`Where`](super::Where), or `lacks` (the contrary of `has`), `spelled` (a bounded text, as it
/// is), `finds` (part of a text that is kept folded) or `by hand`, for what is more than one condition.
///
/// What integrators keep a copy of is declared `of parcels by change`: the list takes `updated_after` and `sort=updated_at`
/// besides, and its store chooses by [`order`](super::super::ByChange) between its own order and
/// [`Order::by_change`](super::super::Order::by_change), on an index of the tenant, `updated_at` and the id. Whoever changes
/// something that is shown of such a row writes `updated_at` with it.
#[macro_export]
macro_rules! filter {
    ($(#[$of_all:meta])* $sees_all:vis struct $name:ident of $table:ident by change { $($body:tt)* }) => {
        $crate::filter! {
            $(#[$of_all])*
            $sees_all struct $name of $table {
                $($body)*
                /// Changed at this moment or later.
                updated_after: Option<$crate::base::time::Timestamp> => since updated_at,
                /// `updated_at`: what was changed last comes last, for whoever keeps a copy. `next_cursor` is never null then.
                #[param(inline)]
                sort: Option<$crate::engine::db::ByChange> => by hand,
            }
        }

        impl $name {
            /// The order that was asked for.
            $sees_all fn order<R>(
                &self,
                own: $crate::engine::db::Order<R>,
                by_change: $crate::engine::db::Order<R>,
            ) -> $crate::engine::db::Order<R> {
                $crate::engine::db::ByChange::or(self.sort, own, by_change)
            }
        }
    };
    ($(#[$of_all:meta])* $sees_all:vis struct $name:ident of $table:ident {
        $($(#[$note:meta])* $sees:vis $field:ident: $kind:ty => $how:ident $column:ident,)*
    }) => {
        #[derive(Debug, Clone, Default, ::serde::Deserialize, ::utoipa::IntoParams)]
        #[into_params(parameter_in = Query)]
        #[serde(deny_unknown_fields)]
        $(#[$of_all])*
        $sees_all struct $name { $($(#[$note])* $sees $field: $kind,)* }

        #[allow(clippy::clone_on_copy)] // not every filter is
        impl $name {
            /// Those of these rows that the filters leave.
            $sees_all fn narrow<S>(
                &self,
                rows: $crate::engine::db::Where<$table::table, S>,
            ) -> $crate::engine::db::Where<$table::table, S> {
                $(let rows = $crate::filter!(@narrow rows (self.$field) $table $how $column);)*
                rows
            }
        }
    };
    (@narrow $rows:ident ($value:expr) $table:ident by hand) => { $rows };
    (@narrow $rows:ident ($value:expr) $table:ident any $column:ident) => { $rows.any($table::$column, &$value) };
    (@narrow $rows:ident ($value:expr) $table:ident lacks $column:ident) => {
        $rows.has($table::$column, $value.map(|is_lacking| !is_lacking))
    };
    (@narrow $rows:ident ($value:expr) $table:ident spelled $column:ident) => {
        $rows.eq($table::$column, $value.as_deref().map(str::to_owned))
    };
    (@narrow $rows:ident ($value:expr) $table:ident finds $column:ident) => {
        match $value.as_deref().filter(|text| !text.is_empty()) {
            Some(text) => $rows.contains($table::$column, &[$crate::base::unicode::folded(text)]),
            None => $rows,
        }
    };
    (@narrow $rows:ident ($value:expr) $table:ident $how:ident $column:ident) => {
        $rows.$how($table::$column, $value.clone())
    };
}
