//! The names of what happens: an event's type, and what kind of thing it is about.
//!
//! The engine knows none of them. Each folder declares its own by [`fact!`](crate::fact), and what comes from outside is held
//! to what was declared ([`super::catalogue`]). What is stored was written by some version of this program, so it is read as it is.

use super::known;

/// Declares a name: a word that is `Copy`, told by its text in the API, in the database and in logs.
macro_rules! names {
    ($($(#[$doc:meta])* $name:ident, $about:literal, $known:path;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow)]
        #[diesel(sql_type = diesel::sql_types::Text)]
        pub struct $name(&'static str);

        impl $name {
            pub const fn named(name: &'static str) -> Self {
                Self(name)
            }
            pub const fn as_str(self) -> &'static str {
                self.0
            }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let known: Vec<$name> = $known();
                known.iter().copied().find(|one| one.0 == text).ok_or_else(|| {
                    let known: Vec<&str> = known.iter().map(|one| one.0).collect();
                    format!("expected one of: {}", known.join(", "))
                })
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0)
            }
        }
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.0)
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(self.0)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(d)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
        impl<DB> diesel::deserialize::FromSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            String: diesel::deserialize::FromSql<diesel::sql_types::Text, DB>,
        {
            fn from_sql(raw: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = <String as diesel::deserialize::FromSql<diesel::sql_types::Text, DB>>::from_sql(raw)?;
                Ok(Self(known::stored(&text)))
            }
        }
        impl<DB> diesel::serialize::ToSql<diesel::sql_types::Text, DB> for $name
        where
            DB: diesel::backend::Backend,
            str: diesel::serialize::ToSql<diesel::sql_types::Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut diesel::serialize::Output<'b, '_, DB>) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, DB>>::to_sql(self.0, out)
            }
        }
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                let known: Vec<$name> = $known();
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some($about))
                    .enum_values(Some(known.iter().map(|one| one.0)))
                    .into()
            }
        }
        impl utoipa::ToSchema for $name {
            fn name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
        }
    )+};
}

names! {
    /// What happened, `noun.past_participle`.
    EventType, "Everything that can have happened.", types;
    /// What kind of thing an event is about.
    SubjectType, "What an event can be about.", subjects;
}

impl EventType {
    /// The word before the point.
    pub fn noun(self) -> &'static str {
        self.0.split('.').next().unwrap_or_default()
    }

    /// What the event is about: its noun, unless it was declared to be about something else.
    pub fn subject(self) -> SubjectType {
        SubjectType::named(known::subject_of(self.0).unwrap_or_else(|| self.noun()))
    }
}

/// The types of all that can happen, by name.
pub fn types() -> Vec<EventType> {
    known::types().into_iter().map(EventType).collect()
}

/// What events can be about, by name.
pub fn subjects() -> Vec<SubjectType> {
    known::subjects().into_iter().map(SubjectType).collect()
}
