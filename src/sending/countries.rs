//! Where SMS goes: to the country the tenant was in when it was verified, and where operators allow it for everybody or for this tenant.
//!
//! Texts to some countries and to premium, shared-cost and satellite numbers bring whoever receives them a share of their
//! price; that is what a stranger's trial account would be used for. WhatsApp costs the same everywhere and reaches only
//! people who have it, so it is not bounded here.

use crate::base::dialling::country_of_ordinary;
use crate::contacts::Channel;
use crate::tenants::region::Country;

/// May a message on this channel go to this address?
pub fn is_allowed(channel: Channel, address: &str, own: &str, for_all: &[String], agreed: &[Country]) -> bool {
    if channel != Channel::Sms {
        return true;
    }
    country_of_ordinary(address).is_some_and(|country| {
        country == own || for_all.contains(&country) || agreed.iter().any(|one| one.as_str() == country)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sms_stays_at_home_unless_somebody_allows_more() {
        let is = |address: &str, for_all: &[&str], agreed: &[&str]| {
            let for_all: Vec<String> = for_all.iter().map(ToString::to_string).collect();
            let agreed: Vec<Country> = agreed.iter().map(|name| name.parse().unwrap()).collect();
            is_allowed(Channel::Sms, address, "IN", &for_all, &agreed)
        };
        assert!(is("+919876543210", &[], &[]));
        assert!(!is("+252612345678", &[], &[]));
        assert!(is("+447400123456", &["GB"], &[]) && is("+447400123456", &[], &["GB"]));
        assert!(!is("+19002345678", &["GB"], &["GB"]), "a premium number is nobody's phone");
        assert!(!is("+881612345678", &["GB"], &[]));
        assert!(is_allowed(Channel::Whatsapp, "+252612345678", "IN", &[], &[]));
    }
}
