//! The database: whether it opens, is ours and up to date, is whole, and takes what is written; and what it says of sites
//! and mails.

use std::time::Duration;

use causette_shared::time::Timestamp;

use crate::config::Config;
use crate::doctor::content;
use crate::doctor::directory::size;
use crate::doctor::report::Finding;
use crate::store::StoreError;
use crate::store::inspect::{Inspection, Integrity, SchemaState};
use crate::store::schema::current_version;

const CHECK: &str = "database";
/// A check of some gigabytes takes longer than a person waits.
const INTEGRITY_WITHIN: Duration = Duration::from_secs(60);

pub(super) async fn examine(config: &Config, now: Timestamp) -> Vec<Finding> {
    let address = config.database();
    match Inspection::open(address.expose()).await {
        Ok(Some(inspection)) => {
            let mut findings = Vec::new();
            let looked = look(&inspection, config, now, &mut findings).await;
            if let Err(error) = looked {
                findings.push(failure(&error));
            }
            inspection.close().await;
            findings
        }
        Ok(None) => vec![Finding::failed(
            CHECK,
            "there is none yet",
            "add a site: causette site add --help; if there is an installation, look at data_dir and database_url",
        )],
        Err(error) => vec![Finding::failed(
            CHECK,
            error.to_string(),
            "look at database_url, and whether the database runs and lets this user in; a file that is no database \
             any more is put back from a backup: causette restore --help",
        )],
    }
}

async fn look(
    inspection: &Inspection,
    config: &Config,
    now: Timestamp,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    let state = inspection.schema().await?;
    findings.push(told(state));
    findings.extend(match inspection.integrity(INTEGRITY_WITHIN).await? {
        Integrity::Sound => Some(Finding::ok("integrity", "the database is whole")),
        Integrity::Broken(first) => Some(Finding::failed(
            "integrity",
            format!("the database is damaged: {first}"),
            "stop the server, keep a copy of the files, and put the last backup back: causette restore --help",
        )),
        Integrity::Unknown => Some(Finding::skipped("integrity", "the check did not end within a minute")),
        Integrity::NotAsked => None,
    });
    if !inspection.has_its_log().await? {
        findings.push(Finding::warning(
            "log",
            "the database does not write its log ahead (WAL)",
            "the next start of the server changes that; if it does not last, the file system cannot do it",
        ));
    }
    findings.push(match inspection.check_writable().await {
        Ok(()) => Finding::ok("writing", format!("takes messages; {}", size(inspection.size().await?))),
        Err(error) => Finding::failed(
            "writing",
            format!("takes no messages: {}", cause(&error)),
            "another program may hold it (a copy, a shell with an open transaction), or this user may only read",
        ),
    });
    if state == SchemaState::Current(current_version()) {
        let mut tx = inspection.begin_read().await?;
        content::sites(&mut tx, config, findings).await?;
        content::outbox(&mut tx, config, now, findings).await?;
    }
    Ok(())
}

fn told(state: SchemaState) -> Finding {
    let wanted = current_version();
    match state {
        SchemaState::Current(version) => Finding::ok(CHECK, format!("opens, schema {version} is up to date")),
        SchemaState::Older(version) => Finding::warning(
            CHECK,
            format!("has schema {version}, this version of Causette makes {wanted}"),
            "its next start brings it up to date; make a backup before: causette backup --help",
        ),
        SchemaState::Newer(version) => Finding::failed(
            CHECK,
            format!("has schema {version}, this version of Causette knows {wanted}"),
            "a later version has made it: use that one",
        ),
        SchemaState::Unfinished(version) => Finding::failed(
            CHECK,
            format!("the migration to schema {version} did not end"),
            "put the backup back that was made before: causette restore --help",
        ),
        SchemaState::Foreign(version) => Finding::failed(
            CHECK,
            format!("schema {version} is not the one that this version of Causette makes"),
            "it was made by a build of its own: use that one",
        ),
        SchemaState::None => Finding::failed(
            CHECK,
            "holds nothing of Causette",
            "look at database_url; a new installation begins with causette site add --help",
        ),
    }
}

fn failure(error: &StoreError) -> Finding {
    Finding::failed(
        CHECK,
        cause(error),
        "if the file is damaged, stop the server, keep a copy, and put the last backup back: causette restore --help",
    )
}

/// What went wrong, down to the reason.
fn cause(error: &StoreError) -> String {
    let first: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    let causes = std::iter::successors(first, |cause| cause.source());
    match causes.last() {
        Some(last) => format!("{error}: {last}"),
        None => error.to_string(),
    }
}
