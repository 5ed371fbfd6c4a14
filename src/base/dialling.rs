//! Where a number is and what it costs to reach, by libphonenumber's metadata.

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType as Type};

/// The country of a number in E.164, when it is an ordinary line of a country: no premium, shared-cost or satellite number.
/// Countries that share a code (`+1`) are told apart.
pub fn country_of_ordinary(e164: &str) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(e164, None).ok()?;
    let kind = PHONE_NUMBER_UTIL.get_number_type(&number);
    // Personal numbers ("follow me") cost like premium ones in some countries, and so do ranges lent to services over the internet.
    let is_ordinary = matches!(kind, Type::FixedLine | Type::Mobile | Type::FixedLineOrMobile);
    let country = PHONE_NUMBER_UTIL.get_region_for_number(&number)?;
    // Networks of no country (satellites, 870) have a region of digits.
    let country = Some(country.to_string()).filter(|code| code.bytes().all(|byte| byte.is_ascii_uppercase()))?;
    is_ordinary.then_some(country)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_behind_one_code_are_told_apart() {
        for (number, country) in [
            ("+919876543210", "IN"),
            ("+14155238886", "US"),
            ("+18765551234", "JM"),
            ("+16045551234", "CA"),
            ("+447400123456", "GB"),
        ] {
            assert_eq!(country_of_ordinary(number).as_deref(), Some(country), "{number}");
        }
    }

    #[test]
    fn what_is_dear_to_reach_is_no_ordinary_line() {
        // Premium, personal, satellite, international networks.
        for number in [
            "+19002345678",
            "+447012345678",
            "+881612345678",
            "+870773111632",
            "+979123456789",
            "nonsense",
            // Televoting, premium and shared cost within countries.
            "+491371234567",
            "+4990012345678",
            "+49180512345",
            "+449098790879",
            "+448712345678",
            "+911900123456",
            "+61190123456",
            "+37190123456",
            "+3729001234",
        ] {
            assert_eq!(country_of_ordinary(number), None, "{number}");
        }
    }
}
