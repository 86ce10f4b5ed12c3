//! Records of the name system that are known beforehand, in place of asking for them.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use mail_auth::common::parse::TxtRecordParser;
use mail_auth::common::verify::DomainKey;
use mail_auth::dmarc::Dmarc;
use mail_auth::hickory_resolver::proto::op::ResponseCode;
use mail_auth::spf::Spf;
use mail_auth::{DnsError, DnssecStatus, Error, MX, RecordSet, ResolverCache, Txt};

/// Text records by name. Of every other name it knows that it does not exist.
#[derive(Default)]
pub struct Records {
    texts: HashMap<String, Txt>,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.texts.keys()).finish()
    }
}

impl Records {
    /// Adds the text record of a name: what it is follows from the name (`._domainkey.`, `_dmarc.`, else SPF).
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        fn read<T: TxtRecordParser>(text: &str) -> Result<Arc<T>, Error> {
            T::parse(text.as_bytes()).map(Arc::new)
        }
        let name = format!("{}.", name.trim_end_matches('.').to_lowercase());
        let record = if name.contains("._domainkey.") {
            read::<DomainKey>(text).map(Txt::DomainKey)
        } else if name.starts_with("_dmarc.") {
            read::<Dmarc>(text).map(Txt::Dmarc)
        } else {
            read::<Spf>(text).map(Txt::Spf)
        };
        self.texts.insert(name, record.unwrap_or_else(Txt::Error));
        self
    }
}

fn nothing<T>() -> RecordSet<T> {
    RecordSet { rrset: Arc::from(Vec::new()), dnssec_status: DnssecStatus::Indeterminate }
}

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let known = self.texts.iter().find(|(known, _)| {
            let known: Box<str> = known.as_str().into();
            known.borrow() == name
        });
        let missing = || Txt::Error(Error::Dns(DnsError::RecordNotFound(ResponseCode::NXDomain)));
        Some(known.map_or_else(missing, |(_, record)| record.clone()))
    }

    fn remove<Q>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        None
    }

    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

macro_rules! no_records {
    ($($key:ty => $record:ty;)+) => {$(
        impl ResolverCache<$key, RecordSet<$record>> for Records {
            fn get<Q>(&self, _: &Q) -> Option<RecordSet<$record>>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                Some(nothing())
            }

            fn remove<Q>(&self, _: &Q) -> Option<RecordSet<$record>>
            where
                $key: Borrow<Q>,
                Q: Hash + Eq + ?Sized,
            {
                None
            }

            fn insert(&self, _: $key, _: RecordSet<$record>, _: std::time::Instant) {}
        }
    )+};
}

no_records! {
    Box<str> => MX;
    Box<str> => Ipv4Addr;
    Box<str> => Ipv6Addr;
    IpAddr => Box<str>;
}
