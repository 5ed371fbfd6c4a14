//! Why what an authenticator says is not believed.

/// Why it is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Malformed,
    /// Made for the other of the two ceremonies.
    Ceremony,
    /// A page that is not the platform's, or one inside another's page.
    Origin,
    /// Bound to another domain.
    Domain,
    NotPresent,
    NotVerified,
    Algorithm,
    Signature,
    /// It counts backwards: there are two of it.
    Counter,
    /// It says that it may be copied to other devices, and did not when it was made, or the other way round.
    Backup,
    /// It does not say whose it is, and by itself it has to.
    NoHolder,
    /// Somebody else's.
    Holder,
}

impl Fault {
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Ceremony => "other_ceremony",
            Self::Origin => "foreign_origin",
            Self::Domain => "foreign_domain",
            Self::NotPresent => "not_present",
            Self::NotVerified => "not_verified",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Counter => "counter",
            Self::Backup => "backup",
            Self::NoHolder => "no_user_handle",
            Self::Holder => "other_holder",
        }
    }

    pub fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "this is not what an authenticator answers; send credential.toJSON() as it is",
            Self::Ceremony => {
                "this was made by navigator.credentials.create() where get() was expected, or the other way round"
            }
            Self::Origin => {
                "this was made on a page that is not of this platform (LEADWRIGHT_APP_URL, LEADWRIGHT_PASSKEY_ORIGINS)"
            }
            Self::Domain => "this passkey belongs to another domain",
            Self::NotPresent => "the authenticator did not ask whether somebody is there",
            Self::NotVerified => "the authenticator did not ask who is there: by a fingerprint, a face or a PIN",
            Self::Algorithm => "this key is of none of the algorithms that were asked for (ES256, EdDSA, RS256)",
            Self::Signature => "the signature is not by this passkey",
            Self::Counter => {
                "this passkey counts backwards, so it may have been copied; try once more, and if that fails too log in another way and remove it"
            }
            Self::Backup => {
                "this passkey says of itself what it did not say before: whether it may be copied to other devices"
            }
            Self::NoHolder => {
                "response.userHandle is missing, by which a passkey says whose it is; send credential.toJSON() as it is"
            }
            Self::Holder => "this passkey is somebody else's",
        }
    }
}
