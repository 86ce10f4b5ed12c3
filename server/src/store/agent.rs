//! Tables `agent` and `agent_session`: who answers, and the browsers they are signed in on.

use causette_shared::id::AgentId;
use causette_shared::protocol::agent::{Agent, Role};
use causette_shared::time::Timestamp;
use sqlx::FromRow;

use super::{StoreError, Tx, Unique, both, parse};
use crate::secret::SecretHash;

/// An agent with what proves who they are.
pub struct AgentRow {
    /// The agent as colleagues see them.
    pub agent: Agent,
    /// The password as an argon2id PHC string.
    pub password_hash: String,
}

#[derive(FromRow)]
struct Row {
    id: String,
    email: String,
    name: String,
    role: String,
    password_hash: String,
}

impl TryFrom<Row> for AgentRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let role = parse_role(&row.role)?;
        let agent = Agent { id: parse(&row.id, "agent.id")?, name: row.name, email: row.email, role };
        Ok(Self { agent, password_hash: row.password_hash })
    }
}

/// Reads a role as it is stored.
pub(super) fn parse_role(text: &str) -> Result<Role, StoreError> {
    match text {
        "agent" => Ok(Role::Agent),
        "admin" => Ok(Role::Admin),
        _ => Err(StoreError::Corrupt { column: "agent.role" }),
    }
}

const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Admin => "admin",
    }
}

/// Returns the agent with this address. Addresses are stored as `contact::parse_email` returns them, in lower case.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.agent.find_by_email", level = "debug", skip_all, err(level = "debug"))]
pub async fn find_agent_by_email(tx: &mut Tx, email: &str) -> Result<Option<AgentRow>, StoreError> {
    const SQL: &str = "SELECT id, email, name, role, password_hash FROM agent WHERE email = $1";
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(email.to_owned()).fetch_optional(conn).await)?;
    row.map(AgentRow::try_from).transpose()
}

/// Adds an agent.
///
/// # Errors
/// The address is taken, or the database fails.
#[tracing::instrument(name = "store.agent.create", level = "debug", skip_all, fields(agent = %agent.id), err(level = "debug"))]
pub async fn create_agent(
    tx: &mut Tx,
    agent: &Agent,
    password_hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO agent (id, email, name, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    both!(tx, conn => sqlx::query(SQL)
        .bind(agent.id.to_string())
        .bind(agent.email.clone())
        .bind(agent.name.clone())
        .bind(role_name(agent.role))
        .bind(password_hash.to_owned())
        .bind(now.0)
        .execute(conn).await.map(drop))
    .map_err(|error| StoreError::or_taken(error, Unique::AgentEmail))?;
    Ok(())
}

/// Returns the agent whose unexpired session has this token.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.agent.find_by_session", level = "debug", skip_all, err(level = "debug"))]
pub async fn find_agent_by_session(
    tx: &mut Tx,
    token: &SecretHash,
    now: Timestamp,
) -> Result<Option<Agent>, StoreError> {
    const SQL: &str = "SELECT agent.id, agent.email, agent.name, agent.role, agent.password_hash \
         FROM agent_session JOIN agent ON agent.id = agent_session.agent_id \
         WHERE agent_session.token_hash = $1 AND agent_session.expires_at > $2";
    let row: Option<Row> =
        both!(tx, conn => sqlx::query_as(SQL).bind(token.to_hex()).bind(now.0).fetch_optional(conn).await)?;
    Ok(row.map(AgentRow::try_from).transpose()?.map(|row| row.agent))
}

/// Adds a session, and drops those that have expired.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.agent.create_session", level = "debug", skip_all, fields(agent = %agent), err(level = "debug"))]
pub async fn create_session(
    tx: &mut Tx,
    token: &SecretHash,
    agent: AgentId,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    const EXPIRED: &str = "DELETE FROM agent_session WHERE expires_at <= $1";
    const SQL: &str =
        "INSERT INTO agent_session (token_hash, agent_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    both!(tx, conn => sqlx::query(EXPIRED).bind(now.0).execute(conn).await.map(drop))?;
    both!(tx, conn => sqlx::query(SQL)
        .bind(token.to_hex())
        .bind(agent.to_string())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(conn).await.map(drop))?;
    Ok(())
}

/// Ends a session; false where there was none.
///
/// # Errors
/// The database fails.
#[tracing::instrument(name = "store.agent.delete_session", level = "debug", skip_all, err(level = "debug"))]
pub async fn delete_session(tx: &mut Tx, token: &SecretHash) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM agent_session WHERE token_hash = $1";
    let deleted = both!(tx, conn => sqlx::query(SQL).bind(token.to_hex()).execute(conn).await.map(|done| done.rows_affected()))?;
    Ok(deleted > 0)
}
