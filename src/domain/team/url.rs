//! Where a server listens, as far as it must be known before anything is sent there.

use core::net::IpAddr;

/// The parts of an address that decide what may be sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address<'a> {
    /// Whether it is encrypted.
    pub tls: bool,
    /// The host, without brackets.
    pub host: &'a str,
}

impl Address<'_> {
    /// Whether it is this machine.
    pub fn is_here(&self) -> bool {
        let local = self.host.eq_ignore_ascii_case("localhost");
        local || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Reads an address; none: it is no address of a server.
pub fn read(url: &str) -> Option<Address<'_>> {
    let (scheme, rest) = url.split_once("://")?;
    let tls = match scheme.to_ascii_lowercase().as_str() {
        "http" => false,
        "https" => true,
        _ => return None,
    };
    let plain = |c: char| c.is_ascii_graphic() && !"\\\"<>^`{|}".contains(c);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A name and a password would be written into every message that names the place.
    if !rest.chars().all(plain) || authority.contains('@') {
        return None;
    }
    let host = match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?.0,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    (!host.is_empty()).then_some(Address { tls, host })
}

/// What speaks against an address, and what to do; `plain` is whether the owner wants it without
/// encryption wherever it is.
pub fn check(url: &str, plain: bool) -> Result<(), (String, &'static str)> {
    let Some(address) = read(url) else {
        let message = format!("`url` cannot be `{}`", url.escape_debug());
        return Err((
            message,
            "write `\"http://127.0.0.1:8123/mcp\"`; secrets belong into `headers`",
        ));
    };
    if address.tls || plain || address.is_here() {
        return Ok(());
    }
    let message = format!("`url` leads to {} without encryption", address.host);
    Err((message, "write `https://`, or add `plain_http = true` if that is meant"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for (url, good) in [
            ("http://127.0.0.1:8123/mcp", true),
            ("http://127.9.9.9/", true),
            ("http://localhost:1", true),
            ("http://LOCALHOST/mcp", true),
            ("http://[::1]:8123/mcp", true),
            ("https://example.com/mcp", true),
            ("HTTPS://example.com", true),
            ("http://example.com/mcp", false),
            ("http://127.0.0.1.example.com/", false),
            ("http://localhost@example.com/", false),
            ("http://user:secret@127.0.0.1/", false),
            ("http://127.0.0.1\\@example.com/", false),
            ("http://10.0.0.1/", false),
            ("ftp://127.0.0.1/", false),
            ("http://", false),
            ("u", false),
            ("http://127.0.0.1/\n", false),
        ] {
            assert_eq!(check(url, false).is_ok(), good, "{url}");
        }
        assert_eq!(check("http://example.com/mcp", true), Ok(()));
    }
}
