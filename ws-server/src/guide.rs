#![doc = include_str!("docs/guide/index.md")]
// Every page is documented with any features; its programs are tested only with those they need.

#[doc = include_str!("docs/guide/wrapping.md")]
pub mod wrapping {}

#[doc = include_str!("docs/guide/messages.md")]
pub mod messages {}

#[doc = include_str!("docs/guide/serving.md")]
pub mod serving {}

#[cfg_attr(
    any(not(doctest), feature = "axum"),
    doc = include_str!("docs/guide/mounting.md")
)]
pub mod mounting {}

#[cfg_attr(
    any(not(doctest), all(feature = "axum", feature = "tls")),
    doc = include_str!("docs/guide/tls.md")
)]
pub mod tls {}

#[cfg_attr(
    any(not(doctest), feature = "deflate"),
    doc = include_str!("docs/guide/compression.md")
)]
pub mod compression {}

#[doc = include_str!("docs/guide/limits.md")]
pub mod limits {}

#[doc = include_str!("docs/guide/command.md")]
pub mod command {}

#[doc = include_str!("docs/guide/proxies.md")]
pub mod proxies {}

#[doc = include_str!("docs/guide/old_drafts.md")]
pub mod old_drafts {}

#[doc = include_str!("docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("docs/guide/migrating.md")]
pub mod migrating {}

#[doc = include_str!("docs/guide/extending.md")]
pub mod extending {}
