//! The fields of a contact, each declared once: its name and type, how it is found, how texts of it are spelled, and where it stands.

use std::sync::LazyLock;

use diesel::dsl::sql;
use diesel::sql_types::{Nullable, Text};

use super::person::Person;
use crate::base::id::TenantId;
use crate::base::unicode;
use crate::contacts::people::store::key;
use crate::contacts::people::{ContactSource, Quality, VerificationStatus};
use crate::contacts::schema::{contact_tags, contacts, segment_members};
use crate::engine::db::Where;
use crate::engine::rules::{Catalogue, Fact, Field, FieldType, Link, Source, Spelling};

/// How a field is found in a person.
pub type Getter = for<'a> fn(&'a Person) -> Fact<'a>;

struct Declared {
    field: Field,
    get: Getter,
}

fn of(name: &'static str, kind: FieldType, get: Getter, source: Source) -> Declared {
    Declared { field: Field::new(name, kind).stands(source), get }
}

fn text(name: &'static str, spelling: Spelling, get: Getter, source: Source) -> Declared {
    let Declared { field, get } = of(name, FieldType::Text, get, source);
    Declared { field: field.spelled(spelling), get }
}

fn folded(text: &str) -> String {
    key(Some(text)).unwrap_or_default()
}

fn email_key(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Its digits, with the plus before them if there is one: as E.164 is spelled.
pub fn phone_key(text: &str) -> String {
    let text = text.trim();
    let digits = text.chars().map(unicode::decimal).filter(char::is_ascii_digit);
    let plus = text.starts_with('+').then_some('+');
    plus.into_iter().chain(digits).collect()
}

/// Whose rows of a table belong to a contact.
fn tags() -> Link {
    let own = |tenant: TenantId| Where::<contact_tags::table, _>::part().is(contact_tags::tenant_id, tenant);
    Link::new(contacts::id, contact_tags::contact_id, own)
}

fn memberships() -> Link {
    let own = |tenant: TenantId| Where::<segment_members::table, _>::part().is(segment_members::tenant_id, tenant);
    Link::new(contacts::id, segment_members::contact_id, own)
}

/// High from 80, medium from 60, low below: as [`Quality::range`].
const QUALITY: &str = "CASE WHEN contacts.quality_score >= 80 THEN 'high' WHEN contacts.quality_score >= 60 THEN 'medium' \
    WHEN contacts.quality_score >= 0 THEN 'low' END";

fn quality(person: &Person) -> Fact<'_> {
    let score = person.contact.quality_score;
    let is_it = |quality: &&Quality| score.is_some_and(|score| score >= quality.range().0);
    Quality::ALL.iter().find(is_it).map(|quality| quality.as_str()).into()
}

static DECLARED: LazyLock<Vec<Declared>> = LazyLock::new(|| {
    use FieldType::{Boolean, DayOfYear, Id, IdList, Instant, Number, TextList};
    let words = |all: &[&'static str]| FieldType::one_of(all.iter().copied());
    let sources: Vec<&str> = ContactSource::ALL.iter().map(|one| one.as_str()).collect();
    let statuses: Vec<&str> = VerificationStatus::ALL.iter().map(|one| one.as_str()).collect();
    let qualities: Vec<&str> = Quality::ALL.iter().map(|one| one.as_str()).collect();
    let mut all = vec![
        text("name", folded, |p| (&p.contact.name).into(), Source::column(contacts::name_key)),
        text("email", email_key, |p| p.contact.email.as_ref().into(), Source::column(contacts::email)),
        text("phone", phone_key, |p| p.contact.phone.as_ref().into(), Source::column(contacts::phone)),
        text("company", folded, |p| p.contact.company.as_ref().into(), Source::column(contacts::company_key)),
        text("city", folded, |p| p.contact.profile.location.city.as_ref().into(), Source::column(contacts::city)),
        text(
            "state",
            folded,
            |p| p.contact.profile.location.state.as_ref().into(),
            Source::column(contacts::state_key),
        ),
        text(
            "country",
            folded,
            |p| p.contact.profile.location.country.as_ref().into(),
            Source::column(contacts::country_key),
        ),
        text(
            "language",
            folded,
            |p| p.contact.profile.language.as_ref().into(),
            Source::column(contacts::language_key),
        ),
        of("source", words(&sources), |p| p.contact.source.as_str().into(), Source::column(contacts::source)),
        of(
            "verification_status",
            words(&statuses),
            |p| p.contact.verification_status.as_str().into(),
            Source::column(contacts::verification_status),
        ),
        of("quality_score", Number, |p| p.contact.quality_score.into(), Source::column(contacts::quality_score)),
        of("quality", words(&qualities), quality, Source::computed(|_| sql::<Nullable<Text>>(QUALITY))),
        of("owner_id", Id, |p| p.contact.owner_id.map(|id| id.uuid()).into(), Source::column(contacts::owner_id)),
        of("created_at", Instant, |p| p.contact.created_at.into(), Source::column(contacts::created_at)),
        of("updated_at", Instant, |p| p.contact.updated_at.into(), Source::column(contacts::updated_at)),
        of("converted_at", Instant, |p| p.contact.converted_at.into(), Source::column(contacts::converted_at)),
        of("is_lead", Boolean, |p| p.contact.converted_at.is_some().into(), Source::is_there(contacts::converted_at)),
        of("birthday", DayOfYear, |p| p.contact.profile.birthday_in_year().into(), Source::column(contacts::birthday)),
        of(
            "segments",
            IdList,
            |p| Fact::Ids(p.segments.iter().map(|id| id.uuid()).collect()),
            Source::members(memberships(), segment_members::segment_id),
        ),
    ];
    let Declared { field, get } =
        of("tags", TextList, |p| p.contact.profile.tags.as_slice().into(), Source::members(tags(), contact_tags::tag));
    all.push(Declared { field: field.spelled(folded), get });
    all
});

/// The fields of a contact itself.
pub static FIELDS: LazyLock<Catalogue> = LazyLock::new(|| {
    let declared = DECLARED.iter().enumerate();
    declared.fold(Catalogue::new(), |all, (slot, one)| all.with(one.field.clone().in_slot(slot)))
});

/// How the field in this slot is found.
pub fn getter(slot: usize) -> Option<Getter> {
    DECLARED.get(slot).map(|declared| declared.get)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_as_they_are_kept() {
        assert_eq!(phone_key(" +91 98765-43210 "), "+919876543210");
        assert_eq!(phone_key("98765"), "98765");
    }

    #[test]
    fn what_is_spelled_as_it_is_compared_stays() {
        for text in ["İzmir", "Straße", "  Müller & Söhne ", "मुंबई", "O`Neil"] {
            assert_eq!(folded(&folded(text)), folded(text), "{text}");
        }
    }
}
