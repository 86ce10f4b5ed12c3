//! Which host delivered a mail to our mailbox, as that mailbox's own host noted it. Everything below its line is the sender's word.

use std::net::IpAddr;

use mail_parser::Host;

use crate::mail::inbound::header::Header;
use crate::mail::inbound::sender::is_outside;

/// Traces that the mailbox's host may put above the one that matters: hand-overs between its own parts.
const HOPS: usize = 10;

/// Where a mail came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address that connected.
    pub ip: IpAddr,
    /// What it called itself.
    pub helo: String,
    /// The sender of the envelope; empty for reports.
    pub envelope_sender: String,
}

impl Origin {
    /// The domain that SPF is asked of: of the envelope's sender, else of the host.
    #[must_use]
    pub fn envelope_domain(&self) -> &str {
        self.envelope_sender.rsplit_once('@').map_or(self.helo.as_str(), |(_, domain)| domain)
    }
}

/// Finds where a mail came from in the topmost trace that `host` wrote of a connection from outside.
///
/// Traces are looked at from the top, where only hosts that handled the mail last can write. The first that tells of a
/// connection from outside is the one: if `host` did not write it, nothing is known.
#[must_use]
pub fn origin(header: &Header<'_>, host: &str) -> Option<Origin> {
    for trace in header.received().take(HOPS) {
        let Some(ip) = trace.from_ip.or(match trace.from {
            Some(Host::IpAddr(ip)) => Some(ip),
            _ => None,
        }) else {
            continue;
        };
        if !is_outside(ip) {
            continue;
        }
        if !name(trace.by.as_ref()).eq_ignore_ascii_case(host) {
            return None;
        }
        let called =
            [trace.helo.as_ref(), trace.from.as_ref()].into_iter().flatten().map(|host| name(Some(host)));
        let helo = called.into_iter().find(|name| name.contains('.')).unwrap_or_default().to_lowercase();
        let envelope_sender =
            header.addresses("return-path").next().map(|(_, address)| address).unwrap_or_default();
        return Some(Origin { ip, helo, envelope_sender });
    }
    None
}

fn name(host: Option<&Host<'_>>) -> String {
    match host {
        Some(Host::Name(name)) => name.trim_end_matches('.').to_owned(),
        Some(Host::IpAddr(_)) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POSTFIX: &str = "Return-Path: <ann@example.org>\n\
        Received: by mx.example.com (Postfix, from userid 5000) id 1; Tue, 3 Nov 2026 10:00:02 +0000\n\
        Received: from localhost (localhost [127.0.0.1]) by mx.example.com (Postfix) with ESMTP id 2; Tue, 3 Nov 2026 10:00:01 +0000\n\
        Received: from out.example.org (rdns.example.net [203.0.113.9])\n\tby mx.example.com (Postfix) with ESMTPS id 3\n\tfor <reply@example.com>; Tue, 3 Nov 2026 10:00:00 +0000\n";

    fn found(raw: &str) -> Option<Origin> {
        origin(&Header::split(raw.as_bytes()).0, "MX.example.com")
    }

    #[test]
    fn the_trace_of_our_own_host_tells() {
        let origin = found(POSTFIX).expect("it is there");
        assert_eq!(origin.ip, IpAddr::from([203, 0, 113, 9]));
        assert_eq!(
            (origin.helo.as_str(), origin.envelope_sender.as_str()),
            ("out.example.org", "ann@example.org")
        );
        assert_eq!(origin.envelope_domain(), "example.org");
    }

    #[test]
    fn a_trace_in_our_hosts_name_below_a_strangers_is_not_believed() {
        let forged = "Received: from good.example.net (good [198.51.100.7]) by mx.example.com with ESMTP; Tue, 3 Nov 2026 09:00:00 +0000\n";
        assert_eq!(found(&format!("{POSTFIX}{forged}")), found(POSTFIX));
        let stranger = "Received: from a.example.net (a [198.51.100.8]) by relay.example.net with ESMTP; Tue, 3 Nov 2026 09:30:00 +0000\n";
        assert_eq!(found(&format!("{stranger}{forged}")), None);
        assert_eq!(found("From: a@example.org\n\n"), None);
    }
}
