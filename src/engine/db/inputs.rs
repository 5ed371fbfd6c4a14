//! What is sent to make a thing and to change it, in one list.

/// The body that makes a row and the [merge-patch](crate::patch) that changes it, for a thing of which both say the same. A field
/// that may be left out is an `Option`, and null clears it in a change; of any other field null is refused. What only one of the two
/// says is `made` or `changed`; the latter is spelled as in `patch!`.
///
/// ```ignore
/// crate::inputs! {
///     /// A depot to be opened.
///     #[schema(example = json!({"city": "Pune", "size": 3}))]
///     pub struct NewDepot,
///     /// What to change about a depot.
///     #[schema(example = json!({"phone": null}))]
///     DepotPatch of Depot with { opened_by: Option<UserId> } begins { state: DepotState::Open } empty { closed_at } {
///         pub city: Line<1, 120>,
///         pub phone: Option<Text<0, 40>>,
///         made pub size: i32,
///         changed pub state: Given<DepotState> => by hand,
///     }
/// }
/// let depot = new.row(tx, opened_by);        // a row with a fresh id, of this tenant, as of now
/// let changes = patch.apply(&mut depot);     // as of any `patch!`
/// ```
///
/// It becomes two structs, `NewDepot` and `DepotPatch`, and the function `row`. What the row has besides is said once: what `row` is
/// told (`with`), how every new one `begins`, and what is `empty` at first; tenant, id, version and times every row has. Without
/// `of` there are the two structs alone.
#[macro_export]
macro_rules! inputs {
    ($(#[$of_new:meta])* $sees:vis struct $New:ident, $(#[$of_patch:meta])* $Patch:ident
        $(of $Row:ident $(with { $($more:ident: $of_more:ty),* $(,)? })? $(begins { $($first:ident: $value:expr),* $(,)? })?
        $(empty { $($empty:ident),* $(,)? })?)? { $($fields:tt)* }
    ) => {
        $crate::inputs!(@field self { $(#[$of_new])* $sees $New } { $(#[$of_patch])* $sees $Patch }
            {$($Row {$($(($more $of_more))*)?} {$($($first: $value,)*)? $($($empty: None,)*)?})?} {} {} {} $($fields)*);
    };
    (@field $me:ident $new:tt $patch:tt $of:tt {$($as_new:tt)*} $as_patch:tt {$($moved:tt)*}
        $(#[$note:meta])* made $sees:vis $name:ident: $kind:ty, $($rest:tt)*
    ) => {
        $crate::inputs!(@field $me $new $patch $of
            {$($as_new)* $(#[$note])* $sees $name: $kind,} $as_patch {$($moved)* $name: $me.$name.into(),} $($rest)*);
    };
    (@field $me:ident $new:tt $patch:tt $of:tt $as_new:tt {$($as_patch:tt)*} $moved:tt
        $(#[$note:meta])* changed $sees:vis $name:ident: $how:ident<$kind:ty>
        $(=> $place:ident $($hand:ident)? $(. $within:ident)* $(as $told:literal)?)?, $($rest:tt)*
    ) => {
        $crate::inputs!(@field $me $new $patch $of $as_new
            {$($as_patch)* $(#[$note])* $sees $name: $how<$kind> $(=> $place $($hand)? $(. $within)* $(as $told)?)?,} $moved $($rest)*);
    };
    (@field $me:ident $new:tt $patch:tt $of:tt {$($as_new:tt)*} {$($as_patch:tt)*} {$($moved:tt)*}
        $(#[$note:meta])* $sees:vis $name:ident: Option<$kind:ty>, $($rest:tt)*
    ) => {
        $crate::inputs!(@field $me $new $patch $of
            {$($as_new)* $(#[$note])* $sees $name: Option<$kind>,}
            {$($as_patch)* $(#[$note])* $sees $name: Patch<$kind>,}
            {$($moved)* $name: $me.$name.map(Into::into),}
            $($rest)*);
    };
    (@field $me:ident $new:tt $patch:tt $of:tt {$($as_new:tt)*} {$($as_patch:tt)*} {$($moved:tt)*}
        $(#[$note:meta])* $sees:vis $name:ident: $kind:ty, $($rest:tt)*
    ) => {
        $crate::inputs!(@field $me $new $patch $of
            {$($as_new)* $(#[$note])* $sees $name: $kind,}
            {$($as_patch)* $(#[$note])* $sees $name: Given<$kind>,}
            {$($moved)* $name: $me.$name.into(),}
            $($rest)*);
    };
    (@field $me:ident { $(#[$of_new:meta])* $sees:vis $New:ident } { $(#[$of_patch:meta])* $sees_patch:vis $Patch:ident }
        {$($Row:ident $more:tt $first:tt)?} {$($as_new:tt)*} {$($as_patch:tt)*} $moved:tt
    ) => {
        #[derive(Debug, Clone, ::serde::Deserialize, ::validator::Validate, ::utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$of_new])*
        $sees struct $New { $($as_new)* }

        $crate::patch! {
            $(#[$of_patch])*
            $sees_patch struct $Patch $(of $Row)? { $($as_patch)* }
        }
        $($crate::inputs!(@row $me $sees $New $Row $more $first $moved);)?
    };
    (@row $me:ident $sees:vis $New:ident $Row:ident {$(($more:ident $of_more:ty))*} {$($first:tt)*} {$($moved:tt)*}) => {
        impl $New {
            /// The row that it asks for, fresh.
            $sees fn row($me, tx: &$crate::engine::db::TenantTx<'_>, $($more: $of_more),*) -> $Row {
                let now = tx.now();
                $Row {
                    tenant_id: tx.tenant(),
                    id: $crate::base::id::Fresh::fresh(),
                    $($moved)*
                    $($more,)*
                    $($first)*
                    version: 1,
                    created_at: now,
                    updated_at: now,
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use crate::base::bounded::{Line, Text};
    use crate::base::id::{EventId, TenantId, UserId};
    use crate::base::time::Timestamp;
    use crate::engine::db::TenantTx;

    #[allow(dead_code)]
    struct Depot {
        tenant_id: TenantId,
        id: EventId,
        city: String,
        phone: Option<String>,
        size: i32,
        is_open: bool,
        closed_at: Option<Timestamp>,
        opened_by: Option<UserId>,
        version: i32,
        created_at: Timestamp,
        updated_at: Timestamp,
    }

    crate::inputs! {
        /// A depot to be opened.
        struct NewDepot,
        /// What to change about a depot.
        DepotPatch of Depot with { opened_by: Option<UserId> } begins { is_open: true } empty { closed_at } {
            city: Line<1, 5>,
            phone: Option<Text<0, 40>>,
            made size: i32,
            changed is_open: Given<bool>,
        }
    }

    crate::inputs! {
        /// A guest.
        struct NewGuest,
        /// What to change about a guest.
        GuestPatch {
            name: Line<1, 5>,
        }
    }

    #[test]
    fn of_no_row_there_are_the_bodies_alone() {
        assert!(serde_json::from_str::<NewGuest>(r#"{"name": "Asha"}"#).is_ok_and(|new| &*new.name == "Asha"));
        assert_eq!(serde_json::from_str::<GuestPatch>(r#"{"name": "Asha"}"#).unwrap().sent(), ["name"]);
    }

    #[test]
    fn what_makes_a_thing_and_what_changes_it_say_the_same() {
        let _: fn(NewDepot, &TenantTx<'_>, Option<UserId>) -> Depot = NewDepot::row;
        let new = |body: &str| serde_json::from_str::<NewDepot>(body).map(|new| (new.city.into_string(), new.phone));
        assert_eq!(new(r#"{"city": " Pune ", "size": 3}"#).unwrap(), ("Pune".into(), None));
        let patch = |body: &str| serde_json::from_str::<DepotPatch>(body).map(|patch| patch.sent());
        assert_eq!(patch(r#"{"phone": null, "is_open": false}"#).unwrap(), ["phone", "is_open"]);
        assert!(patch(r#"{"size": 4}"#).is_err() && new(r#"{"city": "Pune", "size": 3, "is_open": false}"#).is_err());
        for wrong in [r#"{"city": null, "size": 3}"#, r#"{"city": "far too long", "size": 3}"#, r#"{"colour": "red"}"#]
        {
            assert!(new(wrong).is_err() && patch(wrong).is_err(), "{wrong}");
        }
        assert!(new("{}").is_err() && patch("{}").unwrap().is_empty());
    }
}
