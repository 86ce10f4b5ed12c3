//! Table `contact`, in lists: search, pages, a contact's conversations. Merged contacts are in none.
//!
//! Capitals do not matter. SQLite folds those of ASCII alone, so each word is looked for as it is written in small
//! letters, in capitals and with a capital first, its ASCII letters folded: names are written in one of these ways.

use causette_shared::id::ContactId;
use causette_shared::protocol::contacts::ContactConversation;
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::contact::{Row, StoredContact, select_contact};
use super::{StoreError, Tx, both, parse, parse_count};

/// Words of a search that are looked for; further ones are not.
const WORDS: usize = 3;
/// Characters of one word that are looked for.
const WORD_CHARS: usize = 100;
/// Digits from which on a search is taken for one of a number.
const DIGITS_MIN: usize = 3;
/// Finds no number: none holds a letter.
const NO_NUMBER: &str = "x";

/// A place in the list, which is sorted by these, the highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactCursor {
    /// When the last contact of a page was changed.
    pub updated_at: Timestamp,
    /// Which one it was, among those of the same time.
    pub id: ContactId,
}

impl std::fmt::Display for ContactCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}_{}", self.updated_at.0, self.id)
    }
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in the list")]
pub struct InvalidCursor;

impl std::str::FromStr for ContactCursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (at, id) = text.split_once('_').ok_or(InvalidCursor)?;
        Ok(Self {
            updated_at: Timestamp(at.parse().map_err(|_| InvalidCursor)?),
            id: id.parse().map_err(|_| InvalidCursor)?,
        })
    }
}

/// A contact in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The contact.
    pub contact: StoredContact,
    /// How many conversations they have.
    pub conversations: u32,
}

#[derive(FromRow)]
struct ListedRow {
    #[sqlx(flatten)]
    contact: Row,
    conversations: i64,
}

impl TryFrom<ListedRow> for Listed {
    type Error = StoreError;

    fn try_from(row: ListedRow) -> Result<Self, StoreError> {
        Ok(Self {
            contact: row.contact.try_into()?,
            conversations: parse_count(row.conversations, "the number of conversations")?,
        })
    }
}

/// Lists contacts, the last changed first: those after `after` in which each word of the search stands somewhere.
///
/// They are read in the order of the index until there are enough. `COALESCE` keeps SQLite from reading all that are not
/// merged and sorting them: it takes an index on NULL for a narrow one.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.list", level = "debug", skip_all, err(level = "debug"))]
pub async fn list_contacts(
    tx: &mut Tx,
    search: &str,
    after: Option<ContactCursor>,
    limit: usize,
) -> Result<Vec<Listed>, StoreError> {
    const SQL: &str = select_contact!(
        ", (SELECT COUNT(*) FROM conversation JOIN visitor ON visitor.id = conversation.visitor_id \
         WHERE visitor.contact_id = contact.id) AS conversations",
        "(SELECT contact.*, LOWER(COALESCE(name, '') || ' ' || COALESCE(email, '') || ' ' || \
             COALESCE(phone, '') || ' ' || COALESCE(company, '')) AS text, \
             REPLACE(REPLACE(REPLACE(REPLACE(COALESCE(phone, ''), ' ', ''), '-', ''), '.', ''), ')', '') AS digits \
             FROM contact) AS contact",
        "WHERE (contact.updated_at < $1 OR (contact.updated_at = $1 AND contact.id < $2)) \
         AND COALESCE(contact.merged_into, '') = '' \
         AND (contact.digits LIKE $4 \
             OR ((contact.text LIKE $5 ESCAPE '\\' OR contact.text LIKE $6 ESCAPE '\\' OR contact.text LIKE $7 ESCAPE '\\') \
             AND (contact.text LIKE $8 ESCAPE '\\' OR contact.text LIKE $9 ESCAPE '\\' OR contact.text LIKE $10 ESCAPE '\\') \
             AND (contact.text LIKE $11 ESCAPE '\\' OR contact.text LIKE $12 ESCAPE '\\' OR contact.text LIKE $13 ESCAPE '\\'))) \
         ORDER BY contact.updated_at DESC, contact.id DESC LIMIT $3"
    );
    let (at, id) =
        after.map_or((i64::MAX, String::new()), |after| (after.updated_at.0, after.id.to_string()));
    let [one, two, three] = patterns(search);
    let rows: Vec<ListedRow> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(at)
        .bind(id)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .bind(digits_pattern(search))
        .bind(one[0].clone()).bind(one[1].clone()).bind(one[2].clone())
        .bind(two[0].clone()).bind(two[1].clone()).bind(two[2].clone())
        .bind(three[0].clone()).bind(three[1].clone()).bind(three[2].clone())
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(Listed::try_from).collect()
}

/// Lists contacts by id, those after `after`: an order that no change moves, for those who read all of them.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.list_by_id", level = "debug", skip_all, err(level = "debug"))]
pub async fn list_contacts_by_id(
    tx: &mut Tx,
    after: Option<ContactId>,
    limit: usize,
) -> Result<Vec<StoredContact>, StoreError> {
    const SQL: &str =
        select_contact!("WHERE id > $1 AND COALESCE(merged_into, '') = '' ORDER BY id LIMIT $2");
    let rows: Vec<Row> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(after.map_or_else(String::new, |after| after.to_string()))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(StoredContact::try_from).collect()
}

#[derive(FromRow)]
struct ConversationRow {
    id: String,
    number: i64,
    site_name: String,
    status: String,
    preview: String,
    last_message_at: i64,
}

/// Lists a contact's conversations, newest first.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.contact.list_conversations", level = "debug", skip_all, fields(contact = %id), err(level = "debug"))]
pub async fn list_conversations_of(
    tx: &mut Tx,
    id: ContactId,
    limit: usize,
) -> Result<Vec<ContactConversation>, StoreError> {
    const SQL: &str = "SELECT conversation.id, conversation.number, site.name AS site_name, conversation.status, \
         conversation.preview, conversation.last_message_at FROM conversation \
         JOIN visitor ON visitor.id = conversation.visitor_id JOIN site ON site.key = conversation.site_key \
         WHERE visitor.contact_id = $1 ORDER BY conversation.number DESC LIMIT $2";
    let rows: Vec<ConversationRow> = both!(tx, conn => sqlx::query_as(SQL)
        .bind(id.to_string())
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(conn)
        .await)?;
    let conversation = |row: ConversationRow| {
        Ok(ContactConversation {
            id: parse(&row.id, "conversation.id")?,
            number: parse_count(row.number, "conversation.number")?,
            site: row.site_name,
            status: parse(&row.status, "conversation.status")?,
            preview: row.preview,
            last_message_at: Timestamp(row.last_message_at),
        })
    };
    rows.into_iter().map(conversation).collect()
}

/// How many conversations a contact has.
///
/// # Errors
/// The database fails.
pub async fn count_conversations_of(tx: &mut Tx, id: ContactId) -> Result<u32, StoreError> {
    const SQL: &str = "SELECT COUNT(*) FROM conversation JOIN visitor ON visitor.id = conversation.visitor_id \
         WHERE visitor.contact_id = $1";
    let (count,): (i64,) = both!(tx, conn => sqlx::query_as(SQL).bind(id.to_string()).fetch_one(conn).await)?;
    parse_count(count, "the number of conversations")
}

/// For each word that is looked for, the patterns that find it; those of no word find everything.
fn patterns(search: &str) -> [[String; 3]; WORDS] {
    let mut words = search.split_whitespace();
    std::array::from_fn(|_| {
        let word: String = words.next().unwrap_or_default().chars().take(WORD_CHARS).collect();
        let small = word.to_lowercase();
        let mut rest = small.chars();
        let capital: String =
            rest.next().into_iter().flat_map(char::to_uppercase).chain(rest.as_str().chars()).collect();
        [small.clone(), word.to_uppercase(), capital].map(|word| containing(&word.to_ascii_lowercase()))
    })
}

/// The pattern of a text anywhere, with nothing in it that means more than itself.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// The pattern of a number, however its digits are set apart and with or without the zero of its trunk.
fn digits_pattern(search: &str) -> String {
    let is_number = search.chars().all(|c| c.is_ascii_digit() || " +-./()".contains(c));
    let digits: String = search.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    if is_number && digits.len() >= DIGITS_MIN { containing(digits) } else { NO_NUMBER.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_the_database_is_only_itself() {
        assert_eq!(containing(r"50%_a\b"), r"%50\%\_a\\b%");
        assert_eq!(patterns("Élan")[0], ["%élan%", "%Élan%", "%Élan%"]);
        assert_eq!(patterns("иВан")[0], ["%иван%", "%ИВАН%", "%Иван%"]);
        assert_eq!(patterns("a")[1], ["%%", "%%", "%%"]);
    }

    #[test]
    fn numbers_are_found_as_people_write_them() {
        assert_eq!(digits_pattern("06 12-34"), "%61234%");
        assert_eq!(digits_pattern("+33 (6)"), "%336%");
        assert_eq!(digits_pattern("07"), NO_NUMBER);
        assert_eq!(digits_pattern("ada 123"), NO_NUMBER);
    }

    #[test]
    fn a_cursor_reads_back() {
        let cursor = ContactCursor { updated_at: Timestamp(-5), id: ContactId(uuid::Uuid::nil()) };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "_", "1", "1_x", "x_00000000-0000-0000-0000-000000000000"] {
            assert_eq!(bad.parse::<ContactCursor>(), Err(InvalidCursor), "{bad}");
        }
    }
}
