//! What people call the values that the API answers, in each language that there are words of: what a frontend shows of them.
//!
//! The words are in `src/language/words`; a test holds every value in the document to a label in every language.

use std::collections::BTreeMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::engine::http::Query;
use crate::language::{self, Words};
use crate::tenants::access::{Anyone, Areas};
use crate::tenants::region::Language;

pub(super) fn areas(areas: &mut Areas) {
    areas.tag("Labels", "What people call the values that the API answers.").of_anybody("/v1/labels");
}

pub(super) fn routes(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list_labels);
}

/// Words of one language, by the values that they stand for.
type Named = BTreeMap<String, String>;

/// A language that there are labels in.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({"tag": "hi", "name": "हिन्दी"}))]
struct LanguageView {
    /// Language tag of BCP 47.
    tag: &'static str,
    /// The language in its own words.
    name: &'static str,
}

impl LanguageView {
    fn of(words: &'static Words) -> Self {
        Self { tag: words.tag, name: words.name() }
    }
}

/// What people call the values that the API answers.
#[derive(Debug, serde::Serialize, ToSchema)]
#[schema(example = json!({
    "language": "hi", "languages": [{"tag": "en", "name": "English"}, {"tag": "hi", "name": "हिन्दी"}],
    "values": {"LeadStatus": {"new": "नई", "contacted": "संपर्क किया गया"}}, "industries": {"real_estate": "रियल एस्टेट"},
    "countries": {"IN": "भारत"}, "currencies": {"INR": "भारतीय रुपया"}, "time_zones": {"Asia/Kolkata": "कोलकाता"}
}))]
struct Labels {
    /// The language of these labels.
    language: &'static str,
    /// All that there are.
    languages: Vec<LanguageView>,
    /// By the name of the schema in this document, then by the value.
    values: BTreeMap<&'static str, &'static Named>,
    /// Suggestions for a business's industry, which may be any other text.
    #[schema(value_type = BTreeMap<String, String>)]
    industries: &'static Named,
    /// By the code of ISO 3166-1.
    #[schema(value_type = BTreeMap<String, String>)]
    countries: &'static Named,
    /// By the code of ISO 4217.
    #[schema(value_type = BTreeMap<String, String>)]
    currencies: &'static Named,
    /// A city for each, by the zone's name in the IANA database.
    #[schema(value_type = BTreeMap<String, String>)]
    time_zones: &'static Named,
}

/// Not the values of a schema.
const INDUSTRIES: &str = "Industry";
static NONE: Named = Named::new();

impl Labels {
    fn of(words: &'static Words) -> Self {
        let of_schemas = words.labels.iter().filter(|(schema, _)| *schema != INDUSTRIES);
        Self {
            language: words.tag,
            languages: language::all().iter().map(LanguageView::of).collect(),
            values: of_schemas.map(|(schema, labels)| (schema.as_str(), labels)).collect(),
            industries: words.labels.get(INDUSTRIES).unwrap_or(&NONE),
            countries: &words.places.countries,
            currencies: &words.places.currencies,
            time_zones: &words.places.time_zones,
        }
    }
}

#[derive(Debug, serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListLabels {
    /// The language to answer in; `Accept-Language` counts when it is left out, and English where there are no labels in either.
    language: Option<Language>,
}

/// List what people call the values
///
/// Everything that this document answers as one of a few values, countries, currencies and time zones, in one language. It
/// changes with a new version of the server alone: keep it, and ask again with `If-None-Match`.
#[utoipa::path(
    params(ListLabels, ("Accept-Language" = Option<String>, Header, description = "Languages by preference (RFC 9110)", example = "hi-IN,hi;q=0.9,en;q=0.8")),
    security(()),
    responses((status = 200, description = "All labels in one language", body = Labels))
)]
#[get("/labels")]
pub async fn list_labels(_: Anyone, req: HttpRequest, query: Query<ListLabels>) -> HttpResponse {
    let asked = query.0.language.as_ref().and_then(|tag| language::of(tag.as_str()));
    let preferred = || {
        let header = req.headers().get(header::ACCEPT_LANGUAGE)?;
        language::accepted(header.to_str().ok()?)
    };
    let words = asked.or_else(preferred).unwrap_or_else(language::english);
    HttpResponse::Ok()
        .insert_header((header::VARY, "accept-language"))
        .insert_header((header::CONTENT_LANGUAGE, words.tag))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .json(Labels::of(words))
}
