//! What a message may say of the person it goes to, and of the business that writes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

use crate::base::Result;
use crate::contacts::id::ContactId;
use crate::contacts::people::{self, Contact};
use crate::engine::db::TenantTx;
use crate::tenants::{self, Tenant};

type Said = HashMap<Cow<'static, str>, Value>;

/// Values by the names that templates have for them, in lower case: `first_name`, `business_name`, `custom.budget`. What is not known is not
/// there, and an empty value is as good as none.
#[derive(Debug, Clone, Default)]
pub struct Words {
    own: Arc<Said>,
    /// The same for everybody whom the business writes to.
    business: Arc<Said>,
}

impl Words {
    /// Of each of these contacts of the tenant; who is none of them is left out. Two statements for a thousand.
    pub fn of_people(tx: &mut TenantTx<'_>, ids: &[ContactId]) -> Result<HashMap<ContactId, Self>> {
        let business = Self::of_business(&tenants::store::current(tx)?).business;
        let people = people::some(tx, ids)?;
        let words = |contact: Contact| (contact.id, Self { own: Arc::new(of(&contact)), business: business.clone() });
        Ok(people.into_iter().map(words).collect())
    }

    /// Without a person.
    pub fn of_business(tenant: &Tenant) -> Self {
        let mut said = Said::new();
        put(&mut said, "business_name", Some(&tenant.name));
        put(&mut said, "business_phone", tenant.profile.phone.as_deref());
        put(&mut said, "business_website", tenant.profile.website.as_deref());
        put(&mut said, "business_industry", tenant.profile.industry.as_deref());
        Self { business: Arc::new(said), ..Self::default() }
    }

    /// The same with what is known of the business, where that is more.
    pub(super) fn with_business(mut self, tenant: &Tenant) -> Self {
        let own = Arc::make_mut(&mut self.own);
        for (name, value) in Self::of_business(tenant).business.iter() {
            own.insert(name.clone(), value.clone());
        }
        self
    }

    /// What only the sender knows, or knows better. A blank value takes what is known away.
    pub fn say(&mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) {
        let name = name.into();
        let name = if name.bytes().any(|c| c.is_ascii_uppercase()) { name.to_ascii_lowercase().into() } else { name };
        let value = value.into();
        let value = if value.trim().is_empty() { Value::UNDEFINED } else { Value::from(value) };
        Arc::make_mut(&mut self.own).insert(name, value);
    }

    /// What is said, several at once where it is a list.
    pub fn say_all(&mut self, name: impl Into<Cow<'static, str>>, values: Vec<String>) {
        let value = if values.is_empty() { Value::UNDEFINED } else { Value::from_object(List(values)) };
        Arc::make_mut(&mut self.own).insert(name.into(), value);
    }

    /// By a name in lower case.
    pub(super) fn find(&self, name: &str) -> Option<Value> {
        let found = self.own.get(name).or_else(|| self.business.get(name));
        found.filter(|value| !value.is_undefined()).cloned()
    }
}

fn put(said: &mut Said, name: &'static str, value: Option<&str>) {
    if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
        said.insert(Cow::Borrowed(name), Value::from(value));
    }
}

fn of(contact: &Contact) -> Said {
    let profile = &contact.profile.0;
    // Who is called by an address or a number has no name that one would say.
    let name = (!contact.is_nameless()).then_some(contact.name.as_str());
    let first = profile.first_name.as_deref().or_else(|| name.and_then(first_of));
    let place = &profile.location;
    let mut said = Said::new();
    for (of, value) in [
        ("name", name),
        ("first_name", first),
        ("last_name", profile.last_name.as_deref()),
        ("email", contact.email.as_deref()),
        ("phone", contact.phone.as_deref()),
        ("company", contact.company.as_deref()),
        ("title", profile.title.as_deref()),
        ("city", place.city.as_deref()),
        ("state", place.state.as_deref()),
        ("country", place.country.as_deref()),
        ("language", profile.language.as_deref()),
        ("birthday", profile.birthday.as_deref()),
    ] {
        put(&mut said, of, value);
    }
    if !profile.tags.is_empty() {
        said.insert(Cow::Borrowed("tags"), Value::from_object(List(profile.tags.clone())));
    }
    said
}

/// How people are addressed before their name.
const TITLES: &[&str] = &["dr", "mr", "mrs", "ms", "miss", "prof", "shri", "smt", "sri"];

/// The first word of a name that is one: neither a title nor an initial.
fn first_of(name: &str) -> Option<&str> {
    let is_name = |word: &&str| {
        let bare = word.trim_end_matches('.');
        !(TITLES.iter().any(|title| title.eq_ignore_ascii_case(bare))
            || bare.len() < word.len() && bare.chars().count() == 1)
    };
    name.split_whitespace().find(is_name)
}

/// Several values, which read as a list where they are put in as one.
#[derive(Debug)]
struct List(Vec<String>);

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.get(key.as_usize()?).map(Value::from)
    }
    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.0.len())
    }
    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_name_is_no_title_and_no_initial() {
        for (name, first) in [
            ("Priya Sharma", Some("Priya")),
            ("Mr. Sharma", Some("Sharma")),
            ("dr A. P. J. Abdul Kalam", Some("Abdul")),
            ("Jo", Some("Jo")),
            ("आशा राव", Some("आशा")),
            ("Dr.", None),
        ] {
            assert_eq!(first_of(name), first, "{name}");
        }
    }

    #[test]
    fn what_the_sender_says_counts_and_blank_is_nothing() {
        let mut words = Words::default();
        words.say("First_Name", "Asha");
        words.say("city", " ");
        assert_eq!(words.find("first_name").unwrap().to_string(), "Asha");
        assert!(words.find("city").is_none() && words.find("state").is_none());
        words.say("first_name", "");
        assert!(words.find("first_name").is_none());
        words.say_all("tags", vec!["vip".into(), "2024".into()]);
        assert_eq!(words.find("tags").unwrap().to_string(), "vip, 2024");
    }
}
