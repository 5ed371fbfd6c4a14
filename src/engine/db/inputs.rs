//! What is sent to make a thing and to change it, in one list.

/// The body that makes a row and the [merge-patch](crate::patch) that changes it, for a thing of which both say the same. A field
/// that may be left out is an `Option`, and null clears it in a change; of any other field null is refused.
///
/// ```ignore
/// crate::inputs! {
///     /// A depot to be opened.
///     #[schema(example = json!({"city": "Pune"}))]
///     pub struct NewDepot,
///     /// What to change about a depot.
///     #[schema(example = json!({"phone": null}))]
///     DepotPatch of Depot with { opened_by: Option<UserId> } {
///         pub city: Line<1, 120>,
///         pub phone: Option<Text<0, 40>>,
///     }
/// }
/// let depot = new.row(tx, opened_by);        // a row with a fresh id, of this tenant, as of now
/// let changes = patch.apply(&mut depot);     // as of any `patch!`
/// ```
///
/// It becomes two structs, `NewDepot` and `DepotPatch`, and the function `row`: what the row has and the body does not say is its
/// argument (`with`), besides the tenant, id, version and times that every row has.
#[macro_export]
macro_rules! inputs {
    ($(#[$of_new:meta])* $sees:vis struct $New:ident, $(#[$of_patch:meta])* $Patch:ident of $Row:ident
        $(with { $($more:ident: $of_more:ty),* $(,)? })? { $($fields:tt)* }
    ) => {
        $crate::inputs!(@field self { $(#[$of_new])* $sees $New } { $(#[$of_patch])* $sees $Patch } $Row {$($(($more $of_more))*)?}
            {} {} {} $($fields)*);
    };
    (@field $me:ident $new:tt $patch:tt $Row:ident $more:tt {$($as_new:tt)*} {$($as_patch:tt)*} {$($moved:tt)*}
        $(#[$note:meta])* $sees:vis $name:ident: Option<$kind:ty>, $($rest:tt)*
    ) => {
        $crate::inputs!(@field $me $new $patch $Row $more
            {$($as_new)* $(#[$note])* $sees $name: Option<$kind>,}
            {$($as_patch)* $(#[$note])* $sees $name: Patch<$kind>,}
            {$($moved)* $name: $me.$name.map(Into::into),}
            $($rest)*);
    };
    (@field $me:ident $new:tt $patch:tt $Row:ident $more:tt {$($as_new:tt)*} {$($as_patch:tt)*} {$($moved:tt)*}
        $(#[$note:meta])* $sees:vis $name:ident: $kind:ty, $($rest:tt)*
    ) => {
        $crate::inputs!(@field $me $new $patch $Row $more
            {$($as_new)* $(#[$note])* $sees $name: $kind,}
            {$($as_patch)* $(#[$note])* $sees $name: Given<$kind>,}
            {$($moved)* $name: $me.$name.into(),}
            $($rest)*);
    };
    (@field $me:ident { $(#[$of_new:meta])* $sees:vis $New:ident } { $(#[$of_patch:meta])* $sees_patch:vis $Patch:ident } $Row:ident
        {$(($more:ident $of_more:ty))*} {$($as_new:tt)*} {$($as_patch:tt)*} {$($moved:tt)*}
    ) => {
        #[derive(Debug, Clone, ::serde::Deserialize, ::validator::Validate, ::utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$of_new])*
        $sees struct $New { $($as_new)* }

        impl $New {
            /// The row that it asks for, fresh.
            $sees fn row($me, tx: &$crate::engine::db::TenantTx<'_>, $($more: $of_more),*) -> $Row {
                let now = tx.now();
                $Row {
                    tenant_id: tx.tenant(),
                    id: $crate::base::id::Fresh::fresh(),
                    $($moved)*
                    $($more,)*
                    version: 1,
                    created_at: now,
                    updated_at: now,
                }
            }
        }

        $crate::patch! {
            $(#[$of_patch])*
            $sees_patch struct $Patch of $Row { $($as_patch)* }
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
        opened_by: Option<UserId>,
        version: i32,
        created_at: Timestamp,
        updated_at: Timestamp,
    }

    crate::inputs! {
        /// A depot to be opened.
        struct NewDepot,
        /// What to change about a depot.
        DepotPatch of Depot with { opened_by: Option<UserId> } {
            city: Line<1, 5>,
            phone: Option<Text<0, 40>>,
        }
    }

    #[test]
    fn what_makes_a_thing_and_what_changes_it_say_the_same() {
        let _: fn(NewDepot, &TenantTx<'_>, Option<UserId>) -> Depot = NewDepot::row;
        let new = |body: &str| serde_json::from_str::<NewDepot>(body).map(|new| (new.city.into_string(), new.phone));
        assert_eq!(new(r#"{"city": " Pune "}"#).unwrap(), ("Pune".into(), None));
        let patch = |body: &str| serde_json::from_str::<DepotPatch>(body).map(|patch| patch.sent());
        assert_eq!(patch(r#"{"phone": null}"#).unwrap(), ["phone"]);
        for wrong in [r#"{"city": null}"#, r#"{"city": "far too long"}"#, r#"{"colour": "red"}"#] {
            assert!(new(wrong).is_err() && patch(wrong).is_err(), "{wrong}");
        }
        assert!(new("{}").is_err() && patch("{}").unwrap().is_empty());
    }
}
