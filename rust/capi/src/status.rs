//! Maps errors of the core to statuses of the C API and, for some functions, messages.

use crate::numbers::*;

/// The result of a function that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub(crate) enum Status {
    NullPointer = DOORS_STATUS_NULL_POINTER,
    Panic = DOORS_STATUS_PANIC,
    Buffer = DOORS_STATUS_BUFFER,
    Address = DOORS_STATUS_ADDRESS,
    NoMatch = DOORS_STATUS_NO_MATCH,
    Random = DOORS_STATUS_RANDOM,
    Range = DOORS_STATUS_RANGE,
    TooMany = DOORS_STATUS_TOO_MANY,
    Secret = DOORS_STATUS_SECRET,
    Cidr = DOORS_STATUS_CIDR,
    Config = DOORS_STATUS_CONFIG,
    TooLarge = DOORS_STATUS_TOO_LARGE,
    TokenFormat = DOORS_STATUS_TOKEN_FORMAT,
    TokenRefused = DOORS_STATUS_TOKEN_REFUSED,
}

impl From<doors_routing::Status> for Status {
    fn from(status: doors_routing::Status) -> Self {
        use doors_routing::Status as Core;
        match status {
            Core::Random => Status::Random,
            Core::Secret => Status::Secret,
            Core::Cidr => Status::Cidr,
            Core::Config => Status::Config,
            Core::TooLarge => Status::TooLarge,
            Core::TokenFormat => Status::TokenFormat,
            Core::TokenRefused => Status::TokenRefused,
        }
    }
}

/// A failure with the details for `doors_error`.
pub(crate) struct Failure {
    pub(crate) status: Status,
    /// The zero-based index of the invalid part.
    pub(crate) index: Option<u32>,
    pub(crate) message: String,
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        let message = crate::text::status(status as i32).to_string_lossy().into_owned();
        Failure { status, index: None, message }
    }
}

impl From<doors_routing::Error> for Failure {
    fn from(error: doors_routing::Error) -> Self {
        Failure { status: error.status.into(), index: error.index, message: error.message }
    }
}
