//! A row, and what of it goes over the wire, in one list of its columns.

/// The row of a table that is keyed `(tenant_id, id)`, and its view: what is `shown` stands in both, under one name and with one
/// description; everything else stays inside. A row that has a `version` has a view that [answers](crate::http::Versioned) with it.
///
/// ```ignore
/// crate::record! {
///     /// A place where parcels are kept.
///     pub struct Depot of depots,
///     /// A depot.
///     #[schema(example = json!({"id": "019a9f3c-6f2e-7c11-a1f7-5b1d6f0c2a10", "city": "Pune", "tags": ["dry"]}))]
///     shown as DepotView {
///         pub tenant_id: TenantId,
///         shown id: DepotId,
///         shown city: String,
///         /// What stands after `shown` is about the view alone.
///         shown #[schema(value_type = Vec<String>)] tags: Tags,
///         /// Of the guard: nobody is told.
///         pub phone: Option<String>,
///         pub version: i32,
///     }
/// }
/// ```
///
/// It becomes two structs, `Depot` with diesel's derives and `DepotView` with those of an answer, and `From<Depot> for DepotView`, so
/// that a handler answers with a row ([`reply`](crate::http::reply), [`listed`](crate::http::listed)).
#[macro_export]
macro_rules! record {
    ($(#[$of_row:meta])* $sees:vis struct $Row:ident of $table:ident,
        $(#[$of_view:meta])* shown as $View:ident { $($columns:tt)* }
    ) => {
        $crate::record!(@column row { $(#[$of_row])* $sees $Row $table $(#[$of_view])* $View } {} {} {} {} $($columns)*);
    };
    (@column $from:ident $head:tt {$($row:tt)*} {$($view:tt)*} {$($moved:tt)*} {$($of_it:tt)*}
        $(#[$note:meta])* shown $(#[$of_view:meta])* $name:ident: $kind:ty, $($rest:tt)*
    ) => {
        $crate::record!(@column $from $head
            {$($row)* $(#[$note])* pub $name: $kind,}
            {$($view)* $(#[$note])* $(#[$of_view])* pub $name: $kind,}
            {$($moved)* $name: $from.$name,}
            {$($of_it)*}
            $($rest)*);
    };
    (@column $from:ident $head:tt {$($row:tt)*} {$($view:tt)*} {$($moved:tt)*} {$($of_it:tt)*}
        pub version: i32, $($rest:tt)*
    ) => {
        $crate::record!(@column $from $head
            {$($row)* pub version: i32,}
            {$($view)* #[serde(skip)] pub version: i32,}
            {$($moved)* version: $from.version,}
            {$($of_it)* versioned}
            $($rest)*);
    };
    (@column $from:ident $head:tt {$($row:tt)*} $view:tt $moved:tt $of_it:tt
        $(#[$note:meta])* $sees:vis $name:ident: $kind:ty, $($rest:tt)*
    ) => {
        $crate::record!(@column $from $head {$($row)* $(#[$note])* $sees $name: $kind,} $view $moved $of_it $($rest)*);
    };
    (@column $from:ident { $(#[$of_row:meta])* $sees:vis $Row:ident $table:ident $(#[$of_view:meta])* $View:ident }
        {$($row:tt)*} {$($view:tt)*} {$($moved:tt)*} {$($of_it:ident)*}
    ) => {
        $(#[$of_row])*
        #[derive(Debug, Clone, ::diesel::Queryable, ::diesel::Selectable, ::diesel::Insertable, ::diesel::AsChangeset)]
        #[diesel(table_name = $table, primary_key(tenant_id, id))]
        #[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
        $sees struct $Row { $($row)* }

        #[derive(Debug, ::serde::Serialize, ::utoipa::ToSchema)]
        $(#[$of_view])*
        $sees struct $View { $($view)* }

        impl From<$Row> for $View {
            fn from($from: $Row) -> Self {
                Self { $($moved)* }
            }
        }
        $crate::shown!($Row as $View);
        $($crate::$of_it!($View);)*
    };
}
