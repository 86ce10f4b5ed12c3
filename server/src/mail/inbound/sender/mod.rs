//! Whether a mail comes from whom it says: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989, before it 7489), shown to agents beside
//! the message. It decides nothing else: conversations are found by the signed reply address.
//!
//! Two ways, by configuration. We verify ourselves, or we believe the topmost `Authentication-Results` (RFC 8601) of the
//! one host that is named: any other line of that name was written by the sender. Time is bounded: what the name servers do not
//! tell in time stays unknown.

mod origin;
mod records;
mod results;

use std::net::IpAddr;
use std::time::Duration;

use mail_auth::common::verify::VerifySignature as _;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::hickory_resolver::config::{ResolverConfig, ResolverOpts};
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimOutput, DkimResult, DmarcResult, MessageAuthenticator, Parameters, SpfOutput,
    SpfResult,
};
use serde::{Deserialize, Serialize};

use crate::mail::inbound::header::Header;
pub use origin::{Origin, origin};
pub use records::Records;
pub use results::Results;

/// Signatures of one mail that are verified. Real mails have one to three; each costs a look-up and arithmetic.
const SIGNATURES: usize = 8;

/// Whether the sender is who the mail says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authenticity {
    /// The domain of `From` vouches for the mail.
    Passed,
    /// The domain says how its mails are to be known, and this one is not.
    Failed,
    /// It cannot be told: the domain says nothing, or the name servers did not answer.
    Unknown,
}

/// What one of the methods found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// It holds.
    Pass,
    /// It does not.
    Fail,
    /// The domain does not use the method, or the mail has nothing to check.
    None,
    /// It could not be found out.
    Unknown,
}

/// Who found it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// We did.
    Own,
    /// The configured host, in its `Authentication-Results`.
    Host,
}

/// What is known of the sender of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// The sum of it.
    pub sender: Authenticity,
    /// Whether the host that delivered it may send for the domain of the envelope.
    pub spf: Check,
    /// Whether a signature holds, whosever it is.
    pub dkim: Check,
    /// Whether one of the two holds for the domain of `From`, by that domain's own rule.
    pub dmarc: Check,
    /// The domain of `From`, lower case.
    pub domain: Option<String>,
    /// Who found it out.
    pub source: Source,
}

impl Verdict {
    /// Nothing is known.
    #[must_use]
    pub fn unknown(domain: Option<String>) -> Self {
        let nothing = Check::Unknown;
        Self {
            sender: Authenticity::Unknown,
            spf: nothing,
            dkim: nothing,
            dmarc: nothing,
            domain,
            source: Source::Own,
        }
    }
}

/// What is known of the mailbox that the mails come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// The name by which the mailbox's host calls itself in `Received: … by`. Without it nobody knows which host
    /// delivered a mail, and SPF is unknown.
    pub receiving_host: Option<String>,
    /// The name in `Authentication-Results` that is believed. Its host must remove what others wrote in its name
    /// (RFC 8601 §5), as all large providers do.
    pub results_of: Option<String>,
}

/// Looks up what domains say of their mail.
pub struct Authenticator {
    resolver: MessageAuthenticator,
    within: Duration,
    records: Option<Records>,
}

/// The machine has no usable configuration of name servers.
#[derive(Debug, thiserror::Error)]
#[error("no name servers can be asked")]
pub struct NoResolver(#[source] Box<dyn std::error::Error + Send + Sync>);

impl NoResolver {
    /// Says why.
    pub(crate) fn new(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

/// What the topmost `Authentication-Results` of a mail says, and the host that it names: only for a mail that we have sent
/// ourselves, and that brought none along. Of any other it proves nothing.
#[must_use]
pub fn stated(raw: &[u8]) -> Option<(String, Verdict)> {
    let (header, _) = Header::split(raw);
    let host = results::topmost_author(&header)?;
    let verdict = results::topmost(&header, &host)?.verdict(author_domain(&header)?);
    Some((host, verdict))
}

impl std::fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authenticator").field("within", &self.within).finish_non_exhaustive()
    }
}

impl Authenticator {
    /// Asks the machine's name servers, and gives a mail up as unknown after `within`.
    ///
    /// # Errors
    /// The machine names none.
    pub fn from_system(within: Duration) -> Result<Self, NoResolver> {
        let resolver =
            MessageAuthenticator::new_system_conf().map_err(|error| NoResolver(Box::new(error)))?;
        Ok(Self { resolver, within, records: None })
    }

    /// Asks the given name servers.
    ///
    /// # Errors
    /// They cannot be asked with these options.
    pub fn new(config: ResolverConfig, options: ResolverOpts, within: Duration) -> Result<Self, NoResolver> {
        let resolver =
            MessageAuthenticator::new(config, options).map_err(|error| NoResolver(Box::new(error)))?;
        Ok(Self { resolver, within, records: None })
    }

    /// Knows these records and that there are no others, and asks nobody.
    #[must_use]
    pub fn knowing(mut self, records: Records) -> Self {
        self.records = Some(records);
        self
    }

    /// Finds out what can be known of a mail's sender.
    pub async fn verify(&self, raw: &[u8], trust: &Trust) -> Verdict {
        let (header, _) = Header::split(raw);
        let domain = author_domain(&header);
        let Some(from) = domain.clone() else { return Verdict::unknown(None) };
        if let Some(results) = trust.results_of.as_deref().and_then(|host| results::topmost(&header, host)) {
            return results.verdict(from);
        }
        let origin = trust.receiving_host.as_deref().and_then(|host| origin::origin(&header, host));
        let checked = tokio::time::timeout(self.within, self.check(raw, &from, origin.as_ref(), trust)).await;
        checked.unwrap_or_else(|_| Verdict::unknown(domain))
    }

    async fn check(&self, raw: &[u8], from: &str, origin: Option<&Origin>, trust: &Trust) -> Verdict {
        let Some(mut message) = AuthenticatedMessage::parse(raw) else {
            return Verdict::unknown(Some(from.to_owned()));
        };
        message.dkim_headers.truncate(SIGNATURES);
        message.errors.truncate(SIGNATURES);
        let signatures = self.resolver.verify_dkim(self.ask(&message)).await;
        let host = trust.receiving_host.as_deref().unwrap_or_default();
        let spf = match origin {
            Some(origin) => {
                let asked =
                    SpfParameters::verify_mail_from(origin.ip, &origin.helo, host, &origin.envelope_sender);
                Some(self.resolver.verify_spf(self.ask(asked)).await)
            }
            None => None,
        };
        let envelope = origin.map(|origin| origin.envelope_domain().to_owned()).unwrap_or_default();
        let none = SpfOutput::new(String::new()).with_result(SpfResult::None);
        let asked = DmarcParameters::new(&message, &signatures, &envelope, spf.as_ref().unwrap_or(&none));
        let dmarc = self.resolver.verify_dmarc(self.ask(asked)).await;

        let dkim = dkim_check(&signatures);
        let spf_check = spf.as_ref().map_or(Check::Unknown, |spf| spf_check(spf.result()));
        let aligned = (spf_check == Check::Pass && aligned(from, &envelope))
            || signatures.iter().any(|output| {
                *output.result() == DkimResult::Pass
                    && output.signature().is_some_and(|signature| aligned(from, signature.domain()))
            });
        let dmarc = dmarc_check(&dmarc.result(), dmarc.dmarc_record().is_some(), spf_check, dkim);
        sum(from.to_owned(), spf_check, dkim, dmarc, aligned, Source::Own)
    }

    fn ask<P>(&self, params: P) -> Parameters<'_, P, Records, Records, Records, Records, Records> {
        let known = self.records.as_ref();
        Parameters {
            params,
            cache_txt: known,
            cache_mx: known,
            cache_ptr: known,
            cache_ipv4: known,
            cache_ipv6: known,
        }
    }
}

/// The one domain of `From`; none where the field is missing, doubled, or names several domains, since then different
/// programs show different senders.
fn author_domain(header: &Header<'_>) -> Option<String> {
    if header.texts("from").count() != 1 {
        return None;
    }
    let mut domains = header.addresses("from").map(|(_, address)| {
        address.rsplit_once('@').map(|(_, domain)| domain.trim_end_matches('.').to_lowercase())
    });
    let first = domains.next()??;
    let usable = !first.is_empty() && first.len() <= 253 && !first.contains(char::is_whitespace);
    (usable && domains.all(|domain| domain.as_ref() == Some(&first))).then_some(first)
}

/// Whether one domain is the other or lies below it: how close they must be where the author's domain says nothing.
fn aligned(author: &str, other: &str) -> bool {
    let (author, other) = (author.to_lowercase(), other.trim_end_matches('.').to_lowercase());
    let below = |inner: &str, outer: &str| {
        outer.contains('.')
            && inner.strip_suffix(outer).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    below(&author, &other) || below(&other, &author)
}

fn dkim_check(signatures: &[DkimOutput<'_>]) -> Check {
    let any = |wanted: fn(&DkimResult) -> bool| signatures.iter().any(|output| wanted(output.result()));
    if any(|result| *result == DkimResult::Pass) {
        Check::Pass
    } else if any(|result| matches!(result, DkimResult::TempError(_))) {
        Check::Unknown
    } else if any(|result| !matches!(result, DkimResult::None)) {
        Check::Fail
    } else {
        Check::None
    }
}

fn spf_check(result: SpfResult) -> Check {
    match result {
        SpfResult::Pass => Check::Pass,
        SpfResult::Fail | SpfResult::SoftFail | SpfResult::PermError => Check::Fail,
        SpfResult::TempError => Check::Unknown,
        SpfResult::Neutral | SpfResult::None => Check::None,
    }
}

/// DMARC passes if one method does. It fails only if both were looked at: a mail whose SPF nobody could check may be genuine.
fn dmarc_check(result: &DmarcResult, has_record: bool, spf: Check, dkim: Check) -> Check {
    match result {
        DmarcResult::Pass => Check::Pass,
        DmarcResult::TempError(_) => Check::Unknown,
        _ if !has_record => Check::None,
        _ if spf == Check::Unknown || dkim == Check::Unknown => Check::Unknown,
        _ => Check::Fail,
    }
}

/// The sum of the three. Where the domain has no rule of its own, a method that holds for its own name speaks for it, and
/// nothing speaks against it but SPF.
fn sum(domain: String, spf: Check, dkim: Check, dmarc: Check, aligned: bool, source: Source) -> Verdict {
    let sender = match dmarc {
        Check::Pass => Authenticity::Passed,
        Check::Fail => Authenticity::Failed,
        Check::None if aligned => Authenticity::Passed,
        Check::None if spf == Check::Fail && dkim != Check::Unknown => Authenticity::Failed,
        Check::None | Check::Unknown => Authenticity::Unknown,
    };
    Verdict { sender, spf, dkim, dmarc, domain: Some(domain), source }
}

/// Whether an address of the network is one that anybody outside can have: what stands before is a hop within the host.
fn is_outside(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let shared = ip.octets()[0] == 100 && (64..128).contains(&ip.octets()[1]);
            !(ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_unspecified() || shared)
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_outside(IpAddr::V4(ip)),
            None => {
                !(ip.is_loopback()
                    || ip.is_unspecified()
                    || ip.is_unique_local()
                    || ip.is_unicast_link_local())
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_aligned_with_what_lies_above_or_below_them() {
        for (author, other) in [
            ("example.com", "example.com"),
            ("example.com", "mail.Example.com"),
            ("a.example.com", "example.com."),
        ] {
            assert!(aligned(author, other), "{author} {other}");
        }
        for (author, other) in [
            ("example.com", "badexample.com"),
            ("example.com", "com"),
            ("example.com", ""),
            ("a.example.com", "b.example.com"),
        ] {
            assert!(!aligned(author, other), "{author} {other}");
        }
    }

    #[test]
    fn a_mail_with_several_authors_has_no_domain() {
        let domain = |raw: &str| author_domain(&Header::split(raw.as_bytes()).0);
        assert_eq!(domain("From: Ann <ann@Example.com>\n\n").as_deref(), Some("example.com"));
        assert_eq!(domain("From: a@example.com, b@example.com\n\n").as_deref(), Some("example.com"));
        assert_eq!(domain("From: a@example.com, b@example.org\n\n"), None);
        assert_eq!(domain("From: a@example.com\nFrom: a@example.com\n\n"), None);
        assert_eq!(domain("Subject: x\n\n"), None);
    }
}
