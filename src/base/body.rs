//! Merge-patches and what they change: a body is declared by [`patch!`](crate::patch), field by field, and [applied](super::apply) to
//! a row.

/// A merge-patch body: every field is a [`Patch`](super::patch::Patch), which null clears, or a [`Given`](super::patch::Given),
/// which refuses null; absent unless it is
/// sent, and unknown fields are refused. The document says the same of each.
///
/// ```
/// leadwright_engine::patch! {
///     /// A change of the weather.
///     #[schema(example = json!({"wind": null}))]
///     pub struct WeatherPatch {
///         /// In kilometres an hour.
///         #[validate(range(min = 0, max = 500))]
///         #[schema(minimum = 0, maximum = 500)]
///         pub wind: Patch<i32>,
///     }
/// }
/// let patch: WeatherPatch = serde_json::from_str(r#"{"wind": 12}"#).unwrap();
/// assert_eq!(patch.wind, leadwright_engine::base::patch::Patch::Value(12));
/// ```
///
/// `of` names what it changes, and `apply` changes it, field by field of the same name, and answers [what
/// changed](super::changes::Changes). A field that stands elsewhere says where (`=> place.of_it`), and how it is told, when that is
/// not by its own name (`as "behaviour"`). What is `=> by hand` is left to whoever applies. `as part` makes a patch of a document
/// within: null restores its default.
///
/// ```
/// struct Weather { wind: Option<i32>, place: Place }
/// struct Place { name: String }
/// leadwright_engine::patch! {
///     /// A change of the weather.
///     pub struct WeatherPatch of Weather {
///         wind: Patch<i32>,
///         name: Given<String> => place.name,
///         season: Patch<String> => by hand,
///     }
/// }
/// let mut weather = Weather { wind: Some(12), place: Place { name: "Pune".into() } };
/// let mut patch: WeatherPatch = serde_json::from_str(r#"{"wind": null, "name": "Pune"}"#).unwrap();
/// assert_eq!(patch.sent(), ["wind", "name"]);
/// assert_eq!(patch.apply(&mut weather).names(), ["wind"]);
/// assert!(serde_json::from_str::<WeatherPatch>(r#"{"name": null}"#).is_err());
/// ```
#[macro_export]
macro_rules! patch {
    ($(#[$of_all:meta])* $sees_all:vis struct $name:ident $(of $row:ty $(as $part:ident)?)? { $($fields:tt)* }) => {
        $crate::patch!(@read { $(#[$of_all])* $sees_all $name } {$($row $(as $part)?)?} {} {} $($fields)*);
    };
    // A field at a time: as it is read and described, and what becomes of it.
    (@read $head:tt $of:tt {$($done:tt)*} {$($fate:tt)*}
        $(#[$note:meta])* $sees:vis $field:ident: Patch<$kind:ty>
        $(=> $place:ident $($hand:ident)? $(. $within:ident)* $(as $told:literal)?)?, $($rest:tt)*
    ) => {
        $crate::patch!(@read $head $of
            {$($done)* $(#[$note])* #[serde(default)] #[schema(value_type = Option<$kind>)] $sees $field: $crate::base::patch::Patch<$kind>,}
            {$($fate)* ($field [$($place $($hand)? $(. $within)* $(as $told)?)?])}
            $($rest)*);
    };
    (@read $head:tt $of:tt {$($done:tt)*} {$($fate:tt)*}
        $(#[$note:meta])* $sees:vis $field:ident: Given<$kind:ty>
        $(=> $place:ident $($hand:ident)? $(. $within:ident)* $(as $told:literal)?)?, $($rest:tt)*
    ) => {
        $crate::patch!(@read $head $of
            {$($done)* $(#[$note])* #[serde(default)] #[schema(value_type = $kind)] $sees $field: $crate::base::patch::Given<$kind>,}
            {$($fate)* ($field [$($place $($hand)? $(. $within)* $(as $told)?)?])}
            $($rest)*);
    };
    (@read { $(#[$of_all:meta])* $sees_all:vis $name:ident } $of:tt {$($done:tt)*} {$(($field:ident $place:tt))*}) => {
        #[derive(Debug, Clone, Default, serde::Deserialize, validator::Validate, utoipa::ToSchema)]
        #[serde(deny_unknown_fields)]
        $(#[$of_all])*
        $sees_all struct $name { $($done)* }

        #[allow(dead_code)]
        impl $name {
            /// The names of the fields that were sent.
            $sees_all fn sent(&self) -> Vec<&'static str> {
                let all = [$((stringify!($field), self.$field.is_absent())),*];
                all.into_iter().filter(|(_, is_absent)| !is_absent).map(|(name, _)| name).collect()
            }
        }
        $crate::patch!(@apply $sees_all $name $of $(($field $place))*);
    };
    (@apply $sees:vis $name:ident {} $($fate:tt)*) => {};
    (@apply $sees:vis $name:ident {$row:ty as part} $($fate:tt)*) => {
        $crate::patch!(@apply $sees $name {$row} $($fate)*);

        impl $crate::base::apply::Apply<$row> for $crate::base::patch::Patch<$name> {
            fn apply_to(self, field: &mut $row) -> bool {
                match self {
                    Self::Absent => false,
                    Self::Null => $crate::base::apply::put(field, <$row>::default()),
                    Self::Value(mut part) => !part.apply(field).is_empty(),
                }
            }
        }
    };
    (@apply $sees:vis $name:ident {$row:ty} $(($field:ident $place:tt))*) => {
        #[allow(dead_code)]
        impl $name {
            /// Takes what was sent, except what is done by hand, and puts it in its place.
            $sees fn apply(&mut self, row: &mut $row) -> $crate::base::changes::Changes {
                let mut changes = $crate::base::changes::Changes::default();
                $($crate::patch!(@put changes row (self.$field) $field $place);)*
                changes
            }
        }
    };
    (@put $changes:ident $row:ident ($sent:expr) $field:ident [by hand]) => {};
    (@put $changes:ident $row:ident ($sent:expr) $field:ident []) => {
        $changes.set(stringify!($field), &mut $row.$field, ::std::mem::take(&mut $sent))
    };
    (@put $changes:ident $row:ident ($sent:expr) $field:ident [$place:ident $(. $within:ident)*]) => {
        $changes.set(stringify!($field), &mut $row.$place$(.$within)*, ::std::mem::take(&mut $sent))
    };
    (@put $changes:ident $row:ident ($sent:expr) $field:ident [$place:ident $(. $within:ident)* as $told:literal]) => {
        $changes.set($told, &mut $row.$place$(.$within)*, ::std::mem::take(&mut $sent))
    };
}

#[cfg(test)]
mod tests {
    use crate::base::patch::Patch;

    #[derive(Debug, Default, PartialEq)]
    struct Thing {
        text: Option<String>,
        number: i32,
        tags: Vec<String>,
        within: Within,
    }
    #[derive(Debug, Default, PartialEq)]
    struct Within {
        colour: Option<String>,
        size: i32,
    }
    crate::patch! {
        struct WithinPatch of Within as part {
            colour: Patch<String>,
            size: Given<i32>,
        }
    }
    crate::patch! {
        struct ThingPatch of Thing {
            text: Patch<String>,
            number: Given<i32>,
            tags: Patch<Vec<String>>,
            size: Given<i32> => within.size as "within",
            within: Patch<WithinPatch>,
            by_itself: Patch<String> => by hand,
        }
    }

    #[test]
    fn a_patch_changes_what_it_is_of_and_says_what_is_other() {
        let mut thing = Thing { text: Some("a".into()), number: 1, ..Thing::default() };
        let read = |body: serde_json::Value| serde_json::from_value::<ThingPatch>(body).unwrap();
        let mut patch = read(serde_json::json!({"text": "a", "number": 2, "tags": ["x"], "by_itself": "b"}));
        assert_eq!(patch.sent(), ["text", "number", "tags", "by_itself"]);
        assert_eq!(patch.apply(&mut thing).names(), ["number", "tags"]);
        assert_eq!(patch.by_itself, Patch::Value("b".into()), "left for the hand");
        let all = serde_json::json!({"text": null, "tags": null, "size": 3, "within": {"colour": "red"}});
        assert_eq!(read(all).apply(&mut thing).names(), ["text", "tags", "within"]);
        let within = Within { colour: Some("red".into()), size: 3 };
        assert_eq!(thing, Thing { text: None, number: 2, tags: Vec::new(), within });
        assert_eq!(read(serde_json::json!({"within": null})).apply(&mut thing).names(), ["within"]);
        assert_eq!(thing.within, Within::default());
    }
}
