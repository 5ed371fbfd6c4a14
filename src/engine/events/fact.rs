//! A fact: what an event says, as a type of the folder in which it happens.
//!
//! [`fact!`](crate::fact) declares it. The cause records a value of it, the reaction reads the same type back, and the OpenAPI
//! document describes it from its fields.

use std::any::Any;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{KnownFormat, RefOr};

use super::NewEvent;
use super::kind::{EventType, SubjectType};

/// What an event says. Declared by [`fact!`](crate::fact).
pub trait Fact: Serialize + DeserializeOwned + Any + Send + Sync {
    /// What it is told as.
    const TYPES: &'static [EventType];

    /// Its values, in order.
    fn fields() -> Vec<Field>;

    /// What an event of this type is about.
    fn subject_of(kind: EventType) -> SubjectType;

    /// When it is told as this type, and which of its values it says then.
    fn telling(kind: EventType) -> Telling;

    /// An event of one of its types.
    fn told_as(self, kind: EventType) -> NewEvent
    where
        Self: Sized,
    {
        NewEvent::new(kind, self)
    }
}

/// When a fact is told as one of its types, and what it says then.
#[derive(Debug, Clone, Copy, Default)]
pub struct Telling {
    /// Lines of a sentence.
    pub when: &'static [&'static str],
    /// Values that it says each time.
    pub always: &'static [&'static str],
    /// Values that it may say besides; any of the others where that is not declared.
    pub maybe: Option<&'static [&'static str]>,
    /// It says null where there is nothing to say, and leaves nothing out.
    pub says_null: bool,
}

impl Telling {
    /// May it say this value?
    pub fn says(&self, field: &str) -> bool {
        self.always.contains(&field) || self.maybe.is_none_or(|maybe| maybe.contains(&field))
    }

    /// What is said otherwise than declared: values that are missing, and values that should not be there.
    pub fn broken_by(&self, told: &Value) -> Vec<String> {
        let said = told.as_object().into_iter().flat_map(|said| said.keys()).filter(|field| !self.says(field));
        let missing = self.always.iter().filter(|field| told.get(**field).is_none()).map(|field| (*field).into());
        said.cloned().chain(missing).collect()
    }
}

/// What an event of one type says.
pub trait SoleFact: Fact {
    const TYPE: EventType;

    /// The event, about the thing with this id.
    fn about(self, subject: uuid::Uuid) -> NewEvent
    where
        Self: Sized,
    {
        self.told_as(Self::TYPE).about(subject)
    }
}

/// Declares what an event says: the type, or the types, that it is told as, and its values with what the OpenAPI document shows
/// of each as an example. Ids, moments, flags and amounts bring their own example. An event is about the noun of its type, unless
/// another is given (`= "limit.reached" about "account"`). What is `of Person` or `of Address` is null while a folder above
/// keeps quiet about whom it concerns ([`Reactions::conceal`](crate::events::Reactions::conceal)).
///
/// A fact of one type says each of its values, null where there is nothing to say:
///
/// ```
/// leadwright_engine::fact! {
///     /// A parcel was handed to somebody.
///     ParcelHandedOver = "parcel.handed_over" {
///         to: Option<String> = "Asha" of Person,
///         weight_grams: i64 = 250,
///     }
/// }
/// use leadwright_engine::events::SoleFact as _;
/// let event = ParcelHandedOver { to: None, weight_grams: 90 }.about(uuid::Uuid::nil());
/// assert_eq!(event.kind().as_str(), "parcel.handed_over");
/// ```
///
/// A fact of several types leaves out what it does not say, so each value is an `Option`, or a
/// [`Patch`](crate::base::patch::Patch) where null says something too. Each type says when it happens, what it `says` each time
/// and what it says `maybe`; without the lists it may say any:
///
/// ```
/// # extern crate leadwright_engine as engine;
/// leadwright_engine::fact! {
///     /// Where a parcel is.
///     ParcelFact as {
///         /// A parcel is on its way.
///         SENT = "parcel.sent" says [place] maybe [],
///         /// Nobody knows where a parcel is.
///         LOST = "parcel.lost" says [] maybe [place],
///     } {
///         place: Option<String> = "Pune",
///     }
/// }
/// use leadwright_engine::events::Fact as _;
/// let event = ParcelFact { place: Some("Pune".into()) }.told_as(ParcelFact::SENT);
/// assert_eq!(event.fact::<ParcelFact>().unwrap().place.as_deref(), Some("Pune"));
/// ```
#[macro_export]
macro_rules! fact {
    ($(#[doc = $when:literal])* $name:ident = $type:literal $(about $subject:literal)? {
        $($(#[$note:meta])* $field:ident: $kind:ty $(= $example:tt $(of $concern:ident)?)?),* $(,)?
    }) => {
        $(#[doc = $when])*
        #[derive(Debug, Clone, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default)]
        pub struct $name { $($(#[$note])* pub $field: $kind),* }

        impl $name {
            pub const TYPE: $crate::events::EventType = $crate::events::EventType::named($type);
        }
        impl $crate::events::SoleFact for $name {
            const TYPE: $crate::events::EventType = $crate::events::EventType::named($type);
        }
        $crate::fact!(@described $name [$type $(about $subject)?] { $($field: $kind $(= $example $(of $concern)?)?),* } told {
            $crate::events::Telling { when: &[$($when),*], always: &[$(stringify!($field)),*], maybe: Some(&[]), says_null: true }
        });
    };
    ($(#[$doc:meta])* $name:ident as {
        $($(#[doc = $when:literal])* $told:ident = $type:literal $(about $subject:literal)?
            $(says [$($always:ident),* $(,)?] $(maybe [$($maybe:ident),* $(,)?])?)?),+ $(,)?
    } {
        $($(#[$note:meta])* $field:ident: $kind:ty $(= $example:tt $(of $concern:ident)?)?),* $(,)?
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Default, PartialEq, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $($(#[$note])* #[serde(skip_serializing_if = "engine::events::Told::is_unsaid")] pub $field: $kind),*
        }

        #[allow(dead_code)]
        impl $name {
            $($(#[doc = $when])* pub const $told: $crate::events::EventType = $crate::events::EventType::named($type);)+
        }
        $crate::fact!(@described $name [$($type $(about $subject)?),+] { $($field: $kind $(= $example $(of $concern)?)?),* } kind {
            $(if kind == $name::$told {
                let maybe: &[&'static [&'static str]] = &[$($(&[$(stringify!($maybe)),*])?)?];
                return $crate::events::Telling {
                    when: &[$($when),*],
                    always: &[$($(stringify!($always)),*)?],
                    maybe: maybe.first().copied(),
                    says_null: false,
                };
            })+
            $crate::events::Telling::default()
        });
    };
    (@described $name:ident [$($type:literal $(about $subject:literal)?),+] {
        $($field:ident: $kind:ty $(= $example:tt $(of $concern:ident)?)?),*
    } $asked:ident $telling:block) => {
        impl $crate::events::Fact for $name {
            const TYPES: &'static [$crate::events::EventType] = &[$($crate::events::EventType::named($type)),+];

            fn subject_of(kind: $crate::events::EventType) -> $crate::events::SubjectType {
                $($(if kind == $crate::events::EventType::named($type) {
                    return $crate::events::SubjectType::named($subject);
                })?)+
                $crate::events::SubjectType::named(kind.noun())
            }

            #[allow(unused_variables)] // a fact of one type tells one thing
            fn telling($asked: $crate::events::EventType) -> $crate::events::Telling $telling

            fn fields() -> Vec<$crate::events::Field> {
                vec![$($crate::events::Field::of::<$kind>(stringify!($field))
                    $(.example(::serde_json::json!($example)) $(.concerns($crate::events::Concern::$concern))?)?),*]
            }
        }
    };
}

/// A value of a fact.
pub trait Told {
    /// How it is described.
    fn schema() -> RefOr<Schema>;

    /// It may be that there is nothing to say.
    const IS_OPTIONAL: bool;

    /// Null says something, too.
    const NULL_SAYS_SOMETHING: bool = false;

    /// It is left out where a fact leaves out what it does not say.
    fn is_unsaid(&self) -> bool {
        false
    }
}
impl<T: PartialSchema> Told for Option<T> {
    const IS_OPTIONAL: bool = true;
    fn schema() -> RefOr<Schema> {
        T::schema()
    }
    fn is_unsaid(&self) -> bool {
        self.is_none()
    }
}
impl<T: PartialSchema> Told for crate::base::patch::Patch<T> {
    const IS_OPTIONAL: bool = true;
    const NULL_SAYS_SOMETHING: bool = true;
    fn schema() -> RefOr<Schema> {
        T::schema()
    }
    fn is_unsaid(&self) -> bool {
        self.is_absent()
    }
}
impl<T: PartialSchema> Told for Vec<T> {
    const IS_OPTIONAL: bool = false;
    fn schema() -> RefOr<Schema> {
        ArrayBuilder::new().items(T::schema()).into()
    }
}
impl Told for String {
    const IS_OPTIONAL: bool = false;
    fn schema() -> RefOr<Schema> {
        <String as PartialSchema>::schema()
    }
}
impl Told for i64 {
    const IS_OPTIONAL: bool = false;
    fn schema() -> RefOr<Schema> {
        <i64 as PartialSchema>::schema()
    }
}

/// The shape of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Text,
    Id,
    Integer,
    Flag,
    Moment,
    /// `{"amount", "currency"}`.
    Money,
    /// A list of texts.
    Texts,
    /// Keys that whoever is told of decides on.
    Object,
}

impl Shape {
    /// How a value of this schema is told.
    fn of(schema: &RefOr<Schema>) -> Self {
        let object = match schema {
            RefOr::T(Schema::Object(object)) => object,
            RefOr::T(Schema::Array(_)) => return Self::Texts,
            _ => return Self::Object,
        };
        let is_format = |name: &str, known: KnownFormat| match &object.format {
            Some(SchemaFormat::Custom(own)) => own == name,
            Some(SchemaFormat::KnownFormat(own)) => *own == known,
            None => false,
        };
        match &object.schema_type {
            SchemaType::Type(Type::String) if is_format("uuid", KnownFormat::Uuid) => Self::Id,
            SchemaType::Type(Type::String) if is_format("date-time", KnownFormat::DateTime) => Self::Moment,
            SchemaType::Type(Type::String) => Self::Text,
            SchemaType::Type(Type::Integer) => Self::Integer,
            SchemaType::Type(Type::Boolean) => Self::Flag,
            _ if object.properties.contains_key("amount") => Self::Money,
            _ => Self::Object,
        }
    }
}

/// Whom a value concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// The business.
    Business,
    /// The person behind the event's timeline, who may have to be kept quiet about.
    Person,
    /// An address that may be such a person's.
    Address,
}

/// One value of a fact.
#[derive(Debug, Clone)]
pub struct Field {
    pub name: &'static str,
    pub shape: Shape,
    /// How a value that is there is described.
    pub schema: Value,
    /// It may be that there is nothing to say.
    pub is_optional: bool,
    /// Null says something, too.
    pub null_says_something: bool,
    pub concern: Concern,
    pub example: Value,
}

impl Field {
    pub fn of<T: Told>(name: &'static str) -> Self {
        let schema = T::schema();
        let shape = Shape::of(&schema);
        let example = match shape {
            Shape::Id => json!("019a9f3c-6f2d-7b52-9d0e-0f4b7f2f9a11"),
            Shape::Moment => json!("2026-11-20T09:00:00Z"),
            Shape::Flag => json!(false),
            Shape::Money => json!({"amount": 80_000, "currency": "INR"}),
            Shape::Text | Shape::Integer | Shape::Texts | Shape::Object => Value::Null,
        };
        Self {
            name,
            shape,
            schema: serde_json::to_value(schema).unwrap_or_default(),
            is_optional: T::IS_OPTIONAL,
            null_says_something: T::NULL_SAYS_SOMETHING,
            concern: Concern::Business,
            example,
        }
    }

    pub fn example(mut self, example: Value) -> Self {
        self.example = example;
        self
    }

    pub fn concerns(mut self, concern: Concern) -> Self {
        self.concern = concern;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::id::EventId;
    use crate::base::money::Money;
    use crate::base::patch::Patch;
    use crate::base::time::Timestamp;

    crate::fact! {
        /// All shapes.
        Parcel as {
            /// It is
            /// on its way.
            SENT = "parcel.sent" says [to, grams] maybe [due],
            LOST = "parcel.lost",
        } {
            to: Option<String> = "Asha" of Person,
            id: Option<EventId>,
            grams: Option<i32> = 250,
            is_fragile: Option<bool>,
            at: Option<Timestamp>,
            price: Option<Money>,
            words: Option<Vec<String>> = ["with", "care"],
            more: Option<Value> = {"colour": "red"},
            due: Patch<Timestamp>,
        }
    }

    #[test]
    fn shapes_are_those_of_the_types() {
        use Shape::*;
        let fields = Parcel::fields();
        let shapes: Vec<Shape> = fields.iter().map(|field| field.shape).collect();
        assert_eq!(shapes, [Text, Id, Integer, Flag, Moment, Money, Texts, Object, Moment]);
        assert!(fields.iter().all(|field| !field.example.is_null()));
        assert_eq!((fields[0].concern, fields[1].concern), (Concern::Person, Concern::Business));
    }

    #[test]
    fn a_type_says_what_it_declares() {
        let sent = Parcel::telling(Parcel::SENT);
        assert_eq!((sent.when, sent.always), (&[" It is", " on its way."][..], &["to", "grams"][..]));
        assert!(sent.says("due") && !sent.says("price") && Parcel::telling(Parcel::LOST).says("price"));
        assert_eq!(sent.broken_by(&json!({"to": "Asha", "grams": 9, "due": null})), [""; 0]);
        assert_eq!(sent.broken_by(&json!({"to": "Asha", "price": 9})), ["price", "grams"]);
    }

    #[test]
    fn what_is_not_said_is_left_out_and_what_is_not_there_is_not_known() {
        let parcel = Parcel { grams: Some(9), due: Patch::Null, ..Parcel::default() };
        let told = serde_json::to_value(&parcel).unwrap();
        assert_eq!(told, json!({"grams": 9, "due": null}));
        assert_eq!(serde_json::from_value::<Parcel>(told).unwrap(), parcel);
        let older = json!({"grams": 9, "of_an_earlier_version": true});
        assert_eq!(serde_json::from_value::<Parcel>(older).unwrap().due, Patch::Absent);
    }
}
