//! The viewer as its users have it: pictures without a window, and a window driven by its keys and
//! pointer.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic fails the test"
)]

mod pictures;
mod valley;
mod window;
