//! What people see: the ad of a social platform, the texts of a search ad.

use validator::Validate;

use crate::base::FieldError;
use crate::base::bounded::Text;
use crate::base::money::{Currency, Money};
use crate::base::text::web_url;
use crate::engine::http::PatchOf;

crate::text_enum! {
    /// How an ad looks.
    pub enum AdFormat { SingleImage = "single_image", Carousel = "carousel" }
}

crate::text_enum! {
    /// The button under an ad.
    pub enum CallToAction {
        GetQuote = "get_quote" | "GET_QUOTE",
        LearnMore = "learn_more" | "LEARN_MORE",
        SignUp = "sign_up" | "SIGN_UP",
        ApplyNow = "apply_now" | "APPLY_NOW",
        ContactUs = "contact_us" | "CONTACT_US",
        Download = "download" | "DOWNLOAD",
        Subscribe = "subscribe" | "SUBSCRIBE",
        GetOffer = "get_offer" | "GET_OFFER",
    }
}

crate::text_enum! {
    /// What Google's bidding aims at.
    pub enum Bidding {
        MaximizeConversions = "maximize_conversions",
        TargetCpa = "target_cpa",
        MaximizeClicks = "maximize_clicks",
    }
}

/// One card of a carousel.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"headline": "2 BHK in Andheri", "image_url": "https://abc.example.com/andheri.jpg"}))]
pub struct AdCard {
    #[validate(length(min = 1, max = 255))]
    #[schema(min_length = 1, max_length = 255)]
    pub headline: String,
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    pub description: Option<String>,
    #[validate(custom(function = "web_url"), length(max = 500))]
    #[schema(format = "uri", max_length = 500)]
    pub image_url: String,
}

/// An ad in a feed.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"name": "2BHK_Mumbai", "format": "single_image", "primary_text": "Find your dream 2 BHK in Mumbai",
    "headline": "2 BHK apartments in Mumbai", "description": "Premium locations, best prices", "call_to_action": "get_quote",
    "image_url": "https://abc.example.com/2bhk.jpg"}))]
pub struct AdCreative {
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    pub name: Option<String>,
    pub format: AdFormat,
    #[validate(length(max = 5000))]
    #[schema(max_length = 5000)]
    pub primary_text: Option<String>,
    #[validate(length(max = 255))]
    #[schema(max_length = 255)]
    pub headline: Option<String>,
    #[validate(length(max = 1000))]
    #[schema(max_length = 1000)]
    pub description: Option<String>,
    pub call_to_action: CallToAction,
    /// 1200 by 628 pixels fill a feed.
    #[validate(custom(function = "web_url"), length(max = 500))]
    #[schema(format = "uri", max_length = 500)]
    pub image_url: Option<String>,
    #[validate(custom(function = "web_url"), length(max = 500))]
    #[schema(format = "uri", max_length = 500)]
    pub video_url: Option<String>,
    /// Two to ten, of a carousel only.
    #[validate(length(max = 10), nested)]
    #[schema(max_items = 10)]
    pub cards: Vec<AdCard>,
}

impl Default for AdCreative {
    fn default() -> Self {
        Self {
            name: None,
            format: AdFormat::SingleImage,
            primary_text: None,
            headline: None,
            description: None,
            call_to_action: CallToAction::GetQuote,
            image_url: None,
            video_url: None,
            cards: Vec::new(),
        }
    }
}

pub type AdCreativePatch = PatchOf<AdCreative>;

impl AdCreative {
    /// What no single field can tell.
    pub fn problems(&self, at: &str) -> Vec<FieldError> {
        let detail = match (self.format, self.cards.len()) {
            (AdFormat::SingleImage, 1..) => "only a carousel has cards",
            (AdFormat::Carousel, 1) => "a carousel has at least two cards",
            _ => return Vec::new(),
        };
        vec![FieldError::new(format!("{at}/cards"), "invalid_value", detail)]
    }
}

/// What asks for contact data under a search ad.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"headline": "Get property details", "description": "Fill this form for personalised recommendations"}))]
pub struct LeadFormExtension {
    #[validate(length(min = 1, max = 120))]
    #[schema(min_length = 1, max_length = 120)]
    pub headline: String,
    #[validate(length(max = 500))]
    #[schema(max_length = 500)]
    pub description: Option<String>,
    #[validate(custom(function = "web_url"), length(max = 500))]
    #[schema(format = "uri", max_length = 500)]
    pub background_image_url: Option<String>,
}

/// The texts and the bidding of a search campaign at Google.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(example = json!({"headlines": ["2 BHK flats in Mumbai", "₹80L-₹1Cr budget range", "Expert guidance"],
    "descriptions": ["Find your dream 2 BHK in Mumbai.", "Talk to expert consultants."], "keywords": ["2bhk flat in mumbai"],
    "bidding": "maximize_conversions", "target_cpa": {"amount": 40000, "currency": "INR"}}))]
pub struct SearchAds {
    #[validate(length(max = 3))]
    #[schema(max_items = 3)]
    pub headlines: Vec<Text<1, 120>>,
    #[validate(length(max = 2))]
    #[schema(max_items = 2)]
    pub descriptions: Vec<Text<1, 120>>,
    #[validate(length(max = 500))]
    #[schema(max_items = 500)]
    pub keywords: Vec<Text<1, 120>>,
    pub bidding: Bidding,
    /// What a lead may cost.
    pub target_cpa: Option<Money>,
    #[validate(nested)]
    pub lead_form_extension: Option<LeadFormExtension>,
}

impl Default for SearchAds {
    fn default() -> Self {
        Self {
            headlines: Vec::new(),
            descriptions: Vec::new(),
            keywords: Vec::new(),
            bidding: Bidding::MaximizeConversions,
            target_cpa: None,
            lead_form_extension: None,
        }
    }
}

pub type SearchAdsPatch = PatchOf<SearchAds>;

impl SearchAds {
    /// What no single field can tell.
    pub fn problems(&self, at: &str, currency: Currency) -> Vec<FieldError> {
        let pointer = format!("{at}/target_cpa");
        match self.target_cpa {
            Some(money) if money.currency != currency => {
                let detail = format!("expected the currency of the daily budget, {currency}");
                vec![FieldError::new(format!("{pointer}/currency"), "invalid_value", detail)]
            }
            None if self.bidding == Bidding::TargetCpa => {
                vec![FieldError::new(pointer, "required", "bidding by target_cpa needs it")]
            }
            _ => Vec::new(),
        }
    }
}
