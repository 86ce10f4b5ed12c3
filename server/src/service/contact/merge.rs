//! Two contacts are one person: what hangs on the one hangs on the other from then on, whose empty fields are filled.
//!
//! A merge can be undone as long as it has not been already and the contact that was kept has not been merged into another
//! itself. What came of the merge goes back; what was changed since stays as it is, and visitors who came since stay too.

use causette_shared::id::{AgentId, ContactId, MergeId};
use causette_shared::presence::UnreachableReason;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::contacts::{ContactDetail, Merged};

use super::{find, later, read, show};
use crate::clock;
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::Tx;
use crate::store::contact::{self, StoredContact, StoredEmail};
use crate::store::contact_merge::{self, Before, Known, StoredMerge};

/// An agent merges one contact into another.
pub struct MergeContacts {
    /// The one that stays.
    pub kept: ContactId,
    /// The one that goes.
    pub merged: ContactId,
    /// Who does it.
    pub by: AgentId,
}

impl UseCase for MergeContacts {
    type Output = Merged;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Merged, UseCaseError> {
        if self.kept == self.merged {
            let problem = Problem::field("merged", "a contact cannot be merged into itself");
            return Err(UseCaseError::Refused(problem));
        }
        let (merge, kept) = merge(tx, cx, self.kept, self.merged, Some(self.by)).await?;
        Ok(Merged { merge, contact: read::detail(tx, &kept).await? })
    }
}

/// Merges one contact into another. `by` is `None` where a proven address does it.
pub(super) async fn merge(
    tx: &mut Tx,
    cx: &mut Context,
    kept: ContactId,
    merged: ContactId,
    by: Option<AgentId>,
) -> Result<(MergeId, StoredContact), UseCaseError> {
    contact::lock_contacts(tx, kept, merged).await?;
    let (held, mut gone) = (find(tx, kept).await?, find(tx, merged).await?);
    let mut filled = fill(&held, &gone);
    filled.updated_at = later(held.updated_at, cx.now);
    gone.merged_into = Some(kept);
    gone.updated_at = later(gone.updated_at, cx.now);
    contact::write_contact(tx, &filled).await?;
    contact::write_contact(tx, &gone).await?;
    let before = Before {
        was: known(&held),
        became: known(&filled),
        visitors: contact::move_visitors(tx, merged, kept).await?,
    };
    let id = MergeId::mint(cx.now, clock::id_entropy()?);
    let merge = StoredMerge { id, kept, merged, before, created_at: cx.now, undone_at: None };
    contact_merge::create_merge(tx, &merge, by).await?;
    let shown = contact::revise_conversations(tx, kept).await?;
    show(tx, cx, shown).await?;
    Ok((id, filled))
}

/// An agent takes a merge back.
pub struct UndoMerge(pub MergeId);

impl UseCase for UndoMerge {
    type Output = ContactDetail;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<ContactDetail, UseCaseError> {
        let found = contact_merge::find_merge(tx, self.0).await?;
        let Some(StoredMerge { kept, merged, .. }) = found else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        contact::lock_contacts(tx, kept, merged).await?;
        // Read again: another agent may have undone it while this one waited.
        let found = contact_merge::find_merge(tx, self.0).await?;
        let (held, back) = (contact::find_contact(tx, kept).await?, contact::find_contact(tx, merged).await?);
        let (Some(merge), Some(mut held), Some(mut back)) = (found, held, back) else {
            return Err(UseCaseError::refused(ProblemKind::NotFound));
        };
        if merge.undone_at.is_some() || back.merged_into != Some(kept) {
            return Err(too_late("this merge was undone already"));
        }
        if held.merged_into.is_some() {
            return Err(too_late("the contact was merged into another one since: undo that merge first"));
        }
        empty_again(&mut held, &merge.before);
        held.updated_at = later(held.updated_at, cx.now);
        back.merged_into = None;
        back.updated_at = later(back.updated_at, cx.now);
        let mut shown = contact::revise_conversations(tx, kept).await?;
        contact::write_contact(tx, &held).await?;
        contact::write_contact(tx, &back).await?;
        for visitor in merge.before.visitors {
            contact::move_visitor(tx, visitor, kept, merged).await?;
        }
        contact_merge::mark_undone(tx, self.0, cx.now).await?;
        shown.sort();
        show(tx, cx, shown).await?;
        read::detail(tx, &held).await
    }
}

fn too_late(why: &str) -> UseCaseError {
    UseCaseError::Refused(Problem::with_detail(ProblemKind::WrongState, why))
}

fn known(contact: &StoredContact) -> Known {
    Known {
        name: contact.name.clone(),
        email: contact.email.clone(),
        phone: contact.phone.clone(),
        company: contact.company.clone(),
    }
}

/// The kept contact with its empty fields filled from the other.
fn fill(kept: &StoredContact, merged: &StoredContact) -> StoredContact {
    StoredContact {
        name: kept.name.clone().or_else(|| merged.name.clone()),
        email: match (&kept.email, &merged.email) {
            (Some(kept), Some(merged)) if contact::fold(&kept.address) == contact::fold(&merged.address) => {
                Some(join(kept, merged))
            }
            (kept, merged) => kept.clone().or_else(|| merged.clone()),
        },
        phone: kept.phone.clone().or_else(|| merged.phone.clone()),
        company: kept.company.clone().or_else(|| merged.company.clone()),
        ..kept.clone()
    }
}

/// Two records of one address: proven by either, and of what keeps mail away the wish of the person before all.
fn join(kept: &StoredEmail, merged: &StoredEmail) -> StoredEmail {
    let verified_at = match (kept.verified_at, merged.verified_at) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let told = if kept.unreachable.is_none() || merged.unreachable == Some(UnreachableReason::OptedOut) {
        merged
    } else {
        kept
    };
    let told = if told.unreachable.is_none() { kept } else { told };
    StoredEmail {
        address: kept.address.clone(),
        verified_at,
        unreachable: told.unreachable,
        detail: told.detail.clone(),
        unreachable_at: told.unreachable_at,
    }
}

/// Takes back what a merge has filled, where it is still what the merge made of it.
fn empty_again(held: &mut StoredContact, before: &Before) {
    let Before { was, became, .. } = before;
    let restore = |held: &mut Option<String>, was: &Option<String>, became: &Option<String>| {
        if held == became {
            held.clone_from(was);
        }
    };
    restore(&mut held.name, &was.name, &became.name);
    restore(&mut held.phone, &was.phone, &became.phone);
    restore(&mut held.company, &was.company, &became.company);
    if held.email == became.email {
        held.email.clone_from(&was.email);
    }
}

#[cfg(test)]
mod tests {
    use causette_shared::time::Timestamp;

    use super::*;

    fn contact(id: u128) -> StoredContact {
        StoredContact::new(ContactId(uuid::Uuid::from_u128(id)), Timestamp(1))
    }

    fn bounced(address: &str) -> StoredEmail {
        StoredEmail {
            unreachable: Some(UnreachableReason::Bounced),
            detail: Some("550".to_owned()),
            unreachable_at: Some(Timestamp(5)),
            ..StoredEmail::typed(address.to_owned())
        }
    }

    #[test]
    fn only_empty_fields_are_filled() {
        let mut kept = contact(1);
        kept.name = Some("Ada".to_owned());
        let mut merged = contact(2);
        merged.name = Some("A. L.".to_owned());
        merged.phone = Some("+33123456789".to_owned());
        merged.email = Some(bounced("ada@x.example"));
        let filled = fill(&kept, &merged);
        assert_eq!(filled.name.as_deref(), Some("Ada"));
        assert_eq!((filled.phone, filled.email, filled.id), (merged.phone, merged.email, kept.id));
    }

    #[test]
    fn one_address_known_twice_keeps_its_proof_and_the_persons_wish() {
        let verified =
            StoredEmail { verified_at: Some(Timestamp(3)), ..StoredEmail::typed("Ada@x.example".to_owned()) };
        let joined = join(&StoredEmail::typed("ada@x.example".to_owned()), &verified);
        assert_eq!((joined.address.as_str(), joined.verified_at), ("ada@x.example", Some(Timestamp(3))));
        let opted_out =
            StoredEmail { unreachable: Some(UnreachableReason::OptedOut), ..bounced("ada@x.example") };
        for (one, other) in [(&opted_out, &verified), (&verified, &opted_out)] {
            assert_eq!(join(one, other).unreachable, Some(UnreachableReason::OptedOut));
        }
        let joined = join(&bounced("ada@x.example"), &opted_out);
        assert_eq!(joined.unreachable, Some(UnreachableReason::OptedOut));
        assert_eq!(join(&opted_out, &bounced("ada@x.example")).unreachable, joined.unreachable);
    }

    #[test]
    fn undoing_takes_back_what_came_of_the_merge_and_no_more() {
        let (kept, mut merged) = (contact(1), contact(2));
        merged.name = Some("Ada".to_owned());
        merged.company = Some("Engines".to_owned());
        let filled = fill(&kept, &merged);
        let before = Before { was: known(&kept), became: known(&filled), visitors: Vec::new() };
        let mut later = filled.clone();
        later.company = Some("Analytical Engines".to_owned());
        empty_again(&mut later, &before);
        assert_eq!((later.name, later.company.as_deref()), (None, Some("Analytical Engines")));
        let mut untouched = filled;
        empty_again(&mut untouched, &before);
        assert_eq!(untouched, kept);
    }
}
