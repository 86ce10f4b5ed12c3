//! What a domain publishes of its mail: the records of SPF (RFC 7208) and DMARC (RFC 9989, before it 7489).

use std::time::Duration;

use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::resolver::UnwrapTxtRecord;
use mail_auth::dmarc::Dmarc;
use mail_auth::hickory_resolver::proto::op::ResponseCode;
use mail_auth::spf::Spf;
use mail_auth::{DnsError, Error, MessageAuthenticator, Txt};

use crate::mail::inbound::sender::{NoResolver, Records};

/// Names that the public name servers do not know: special-use domains (RFC 6761, 6762, 8375, 9476), and what companies and
/// homes made up before.
const PRIVATE: &[&str] = &[
    "localhost",
    "local",
    "internal",
    "test",
    "example",
    "invalid",
    "onion",
    "alt",
    "home.arpa",
    "lan",
    "home",
    "corp",
];

/// Labels above a domain at which the rule of DMARC may stand (RFC 9989 §4.10 stops at eight look-ups).
const PARENTS: usize = 7;

/// What was found of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is there.
    Found,
    /// There is none.
    Missing,
    /// It is there, and cannot be understood.
    Broken,
    /// The name servers did not tell in time.
    Unknown,
}

/// What a domain publishes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainRecords {
    /// Who may send for it.
    pub spf: Lookup,
    /// What is to be done with mails that are not known to be its own; its own record, or one above it.
    pub dmarc: Lookup,
}

/// Whether a name can be looked up at all.
#[must_use]
pub fn is_private(domain: &str) -> bool {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    let below = |zone: &&str| domain == **zone || domain.ends_with(&format!(".{zone}"));
    !domain.contains('.') || PRIVATE.iter().any(below)
}

/// Asks the machine's name servers; each record is given up after `within`.
///
/// # Errors
/// The machine names no name servers.
pub async fn look_up(domain: &str, within: Duration) -> Result<DomainRecords, NoResolver> {
    let resolver = MessageAuthenticator::new_system_conf().map_err(NoResolver::new)?;
    let spf = find::<Spf>(&resolver, domain, within).await;
    let mut dmarc = Lookup::Missing;
    let mut zone = Some(domain);
    for _ in 0..=PARENTS {
        let Some(name) = zone.filter(|name| name.contains('.')) else { break };
        dmarc = find::<Dmarc>(&resolver, &format!("_dmarc.{name}"), within).await;
        if dmarc != Lookup::Missing {
            break;
        }
        zone = name.split_once('.').map(|(_, above)| above);
    }
    Ok(DomainRecords { spf, dmarc })
}

async fn find<T: TxtRecordParser + Into<Txt> + UnwrapTxtRecord>(
    resolver: &MessageAuthenticator,
    name: &str,
    within: Duration,
) -> Lookup {
    let asked = resolver.txt_lookup::<T>(format!("{name}."), None::<&Records>);
    match tokio::time::timeout(within, asked).await {
        Ok(Ok(_)) => Lookup::Found,
        Ok(Err(Error::Dns(DnsError::RecordNotFound(ResponseCode::NXDomain | ResponseCode::NoError)))) => {
            Lookup::Missing
        }
        // Other texts may stand at the name, which are no record of this kind.
        Ok(Err(Error::Dns(DnsError::InvalidRecordType))) => Lookup::Missing,
        Ok(Err(Error::Dns(_) | Error::Io(_))) | Err(_) => Lookup::Unknown,
        Ok(Err(_)) => Lookup::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_one_machine_or_network_are_private() {
        for private in ["localhost", "mail", "mail.local", "shop.mail.EXAMPLE", "x.home.arpa", "a.internal."]
        {
            assert!(is_private(private), "{private}");
        }
        for public in ["example.com", "mail.example.org", "notlocal.net", "local.shop"] {
            assert!(!is_private(public), "{public}");
        }
    }
}
