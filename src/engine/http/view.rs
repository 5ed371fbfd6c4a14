//! A view: what of a row goes over the wire.

/// A struct that is answered, and how it is made from a row, told once. A field moves from the row's field of the same name,
/// or is what stands behind `=`; such an expression that looks at the whole row stands before the fields that move out of it.
///
/// ```
/// struct Row { id: i64, tags: String }
/// leadwright_engine::view! {
///     /// A thing with its tags.
///     pub struct ThingView from row: Row {
///         id: i64,
///         tags: Vec<String> = row.tags.split(' ').map(String::from).collect(),
///     }
/// }
/// assert_eq!(ThingView::from(Row { id: 1, tags: "a b".into() }).tags, ["a", "b"]);
/// ```
#[macro_export]
macro_rules! view {
    ($(#[$of_all:meta])* $sees_all:vis struct $name:ident from $row:ident: $source:ty {
        $($(#[$of_one:meta])* $sees:vis $field:ident: $kind:ty $(= $value:expr)?,)*
    }) => {
        #[derive(serde::Serialize, utoipa::ToSchema)]
        $(#[$of_all])*
        $sees_all struct $name {
            $($(#[$of_one])* $sees $field: $kind,)*
        }
        impl From<$source> for $name {
            fn from($row: $source) -> Self {
                Self { $($field: $crate::view!(@ $row $field $($value)?),)* }
            }
        }
    };
    (@ $row:ident $field:ident) => { $row.$field };
    (@ $row:ident $field:ident $value:expr) => { $value };
}
