//! Domains under which anybody can have a mailbox: sharing one makes nobody a colleague.

/// The large ones. One that is missing lets somebody invite a stranger under it as if a colleague; the e-mailed link is
/// always there for the others.
#[rustfmt::skip]
const SHARED: &[&str] = &[
    "126.com", "139.com", "163.com", "aim.com", "alice.it", "aol.com", "arcor.de", "att.net", "bellsouth.net",
    "bigpond.com", "bluewin.ch", "bol.com.br", "btinternet.com", "comcast.net", "cox.net", "daum.net", "duck.com",
    "earthlink.net", "fastmail.com", "fastmail.fm", "foxmail.com", "free.fr", "freenet.de", "gmail.com", "gmx.at",
    "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hanmail.net", "hey.com", "hotmail.co.uk",
    "hotmail.com", "hotmail.de", "hotmail.es", "hotmail.fr", "hotmail.it", "hushmail.com", "icloud.com", "inbox.com",
    "inbox.ru", "laposte.net", "libero.it", "list.ru", "live.co.uk", "live.com", "live.fr", "live.in", "live.nl",
    "mac.com", "mail.com", "mail.ru", "mailinator.com", "me.com", "msn.com", "naver.com", "o2.pl", "optusnet.com.au",
    "orange.fr", "outlook.com", "outlook.de", "outlook.es", "outlook.fr", "outlook.in", "pm.me", "proton.me",
    "protonmail.ch", "protonmail.com", "qq.com", "rambler.ru", "rediff.com", "rediffmail.com", "rocketmail.com",
    "sbcglobal.net", "seznam.cz", "sfr.fr", "shaw.ca", "sina.com", "sky.com", "t-online.de", "talktalk.net",
    "terra.com.br", "tuta.com", "tutanota.com", "tutanota.de", "uol.com.br", "verizon.net", "virgilio.it", "wanadoo.fr",
    "web.de", "wp.pl", "ya.ru", "yahoo.ca", "yahoo.co.in", "yahoo.co.jp", "yahoo.co.uk", "yahoo.com", "yahoo.com.au",
    "yahoo.com.br", "yahoo.com.mx", "yahoo.de", "yahoo.es", "yahoo.fr", "yahoo.in", "yahoo.it", "yandex.com",
    "yandex.ru", "yeah.net", "ymail.com", "zoho.com", "zohomail.in",
];

/// `domain` in lower case.
pub(super) fn is_shared_by_strangers(domain: &str) -> bool {
    SHARED.binary_search(&domain).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_so_that_it_is_found_in() {
        assert!(SHARED.is_sorted());
        assert!(is_shared_by_strangers("gmail.com") && is_shared_by_strangers("zohomail.in"));
        assert!(!is_shared_by_strangers("abc.example.com"));
    }
}
