//! What the sender's domain says of its mail (SPF, DMARC): without it hosts put mails among the spam, or refuse them. DKIM
//! cannot be looked up without a mail; the round trip tells of it.

use std::time::Duration;

use crate::doctor::mail::MailSetup;
use crate::doctor::report::Finding;
use crate::mail::domain_records::{Lookup, is_private, look_up};

const CHECK: &str = "DNS";
const WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn examine(setup: &MailSetup) -> Vec<Finding> {
    let Some(outward) = setup.outward.ready() else {
        return Vec::new();
    };
    let domain = outward.from.domain();
    if is_private(domain) {
        return vec![Finding::skipped(CHECK, format!("{domain} is no name of the public internet"))];
    }
    let records = match look_up(domain, WITHIN).await {
        Ok(records) => records,
        Err(error) => {
            let advice = "look at this machine's /etc/resolv.conf";
            return vec![Finding::warning(CHECK, error.to_string(), advice)];
        }
    };
    let told = |name: &str, lookup: Lookup, missing: &str| match lookup {
        Lookup::Found => Finding::ok(CHECK, format!("{domain} has a record for {name}")),
        Lookup::Missing => Finding::warning(CHECK, format!("{domain} has no record for {name}"), missing),
        Lookup::Broken => {
            Finding::warning(CHECK, format!("the record of {domain} for {name} cannot be read"), "correct it")
        }
        Lookup::Unknown => Finding::warning(
            CHECK,
            format!(
                "whether {domain} has a record for {name} could not be found out in {} s",
                WITHIN.as_secs()
            ),
            "try again; if it lasts, look at this machine's name servers",
        ),
    };
    vec![
        told("SPF", records.spf, "add a TXT record that names the mail server: v=spf1 include:… -all"),
        told("DMARC", records.dmarc, "add a TXT record at _dmarc: v=DMARC1; p=none at the least"),
    ]
}
