//! An MCP server that listens over TLS, with certificates of its own.

use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::remote::{Seen, called, run, server_over};
use super::{phase, tip};

/// Whoever signs certificates.
fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a CA")
}

/// A server with a certificate for this name, signed by that authority; its address.
fn server(name: &str, is_old: bool, by: &CertifiedIssuer<'static, KeyPair>) -> (String, Seen) {
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    if is_old {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, by).expect("it is signed");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("it fits");
    let config = Arc::new(config);
    let (port, seen) = server_over("good", move |stream: TcpStream| {
        let connection = ServerConnection::new(Arc::clone(&config)).ok()?;
        Some(StreamOwned::new(connection, stream))
    });
    (format!("https://localhost:{port}/mcp"), seen)
}

#[test]
fn a_server_whose_certificate_is_trusted_works_through_a_plan() {
    let by = authority("one");
    let (url, seen) = server("localhost", false, &by);
    let repo = called(&url, "");
    let trusted = repo.beside("ca.pem");
    std::fs::write(&trusted, by.pem()).expect("writable");
    let trusted = trusted.to_string_lossy().into_owned();
    run(&repo, &["run", "--yes"]).env("SSL_CERT_FILE", &trusted).exits(0);
    assert_eq!(repo.git(["show", &format!("{}:src/web/b.rs", tip())]), "far");
    let seen = seen.lock().expect("nobody failed");
    assert!(seen.iter().all(|(head, _)| head.contains("canary-far")) && !seen.is_empty());
}

#[test]
fn whoever_cannot_show_who_it_is_hears_nothing() {
    let (by, other) = (authority("one"), authority("other"));
    for (name, is_old, trusts, expected) in [
        ("localhost", false, &other, "UnknownIssuer"),
        ("localhost", true, &by, "expired"),
        ("example.com", false, &by, "not valid for name"),
    ] {
        let (url, seen) = server(name, is_old, &by);
        let repo = called(&url, "");
        let trusted = repo.beside("ca.pem");
        std::fs::write(&trusted, trusts.pem()).expect("writable");
        let trusted = trusted.to_string_lossy().into_owned();
        let done = run(&repo, &["run", "--yes"]).env("SSL_CERT_FILE", &trusted).exits(6);
        let (found, words) = phase(&repo, "T2");
        assert_eq!(found, "failed", "{words}\n{}", done.stderr());
        assert!(words.contains(expected) && words.contains("certificate"), "{words}");
        assert_eq!(seen.lock().expect("nobody failed").len(), 0, "{expected}");
    }
}
