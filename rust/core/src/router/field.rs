//! Checks single configuration values with the same rules as a whole configuration, so that errors can point
//! at the exact word in a configuration file.

use crate::error::{Error, MAX_INPUT, Status};
use crate::token::{secret, stack};

use super::{cidr, cookie, host, port};

/// The kind of a value. The numbers equal `DOORS_FIELD_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Field {
    /// One to eight keys in standard base64, separated by white space.
    Secret = 1,
    /// The name of a cookie.
    CookieName = 2,
    /// One CIDR.
    Cidr = 3,
    /// A DNS name, or an IP address that can be dialled and is not link-local.
    Host = 4,
    /// A port in decimal.
    Port = 5,
}

/// Checks one value. The message does not contain the field's name, which depends on where the caller read
/// the value.
///
/// # Errors
/// [`Status::Secret`] (with the index of the key), [`Status::Cidr`], [`Status::Config`] or
/// [`Status::TooLarge`].
///
/// ```
/// use doors_routing::{Field, Status, check};
///
/// assert!(check(Field::Cidr, b"10.0.0.0/24").is_ok());
/// assert_eq!(check(Field::Port, b"70000").unwrap_err().status, Status::Config);
/// ```
pub fn check(field: Field, value: &[u8]) -> Result<(), Error> {
    if value.len() > MAX_INPUT {
        return Err(Error::too_large("the value", value.len()));
    }
    if field == Field::Secret {
        return stack::wiped(|| secret::parse(value).map(drop));
    }
    let value = str::from_utf8(value).map_err(|_| Error::new(Status::Config, None, "is not valid UTF-8"))?;
    let (status, checked) = match field {
        Field::Secret | Field::CookieName => (Status::Config, cookie::check_name(value)),
        Field::Cidr => (Status::Cidr, cidr::parse(value).map(drop)),
        Field::Host => (Status::Config, host::check(value)),
        Field::Port => (Status::Config, port::parse(value).map(drop)),
    };
    checked.map_err(|rule| Error::new(status, None, rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_its_rules() {
        for (field, good, bad, status) in [
            (Field::Secret, "AAECAwQFBgcICQoLDA0ODw==", "x", Status::Secret),
            (Field::CookieName, "upstream", "up stream", Status::Config),
            (Field::Cidr, "10.0.0.0/24", "10.0.0.1/24", Status::Cidr),
            (Field::Host, "svc.example", "svc:80", Status::Config),
            (Field::Port, "8080", "0", Status::Config),
        ] {
            assert_eq!(check(field, good.as_bytes()), Ok(()));
            assert_eq!(check(field, bad.as_bytes()).unwrap_err().status, status);
            assert!(check(field, b"\xff").is_err());
        }
    }

    #[test]
    fn the_largest_value() {
        let largest = vec![b'='; MAX_INPUT];
        assert_eq!(check(Field::CookieName, &largest).unwrap_err().status, Status::Config);
        let larger = check(Field::CookieName, &[&largest[..], b"="].concat()).unwrap_err();
        assert_eq!(
            (larger.status, larger.message.starts_with("the value has 67108865 bytes")),
            (Status::TooLarge, true)
        );
    }
}
