//! A new agent.

use causette_shared::contact::parse_name;
use causette_shared::id::AgentId;
use causette_shared::problem::Problem;
use causette_shared::protocol::agent::{Agent, Role};

use crate::clock;
use crate::service::sign_in::{hash_password, parse_agent_email};
use crate::service::{Context, UseCase, UseCaseError};
use crate::store::{Tx, agent};

/// Characters that a password has at least (NIST SP 800-63B §5.1.1.2).
const PASSWORD_CHARS: usize = 8;

/// Adds an agent.
pub struct AddAgent {
    email: String,
    name: String,
    role: Role,
    password_hash: String,
}

impl AddAgent {
    /// Reads what was typed and hashes the password, which takes some fifty milliseconds: to be done before others wait
    /// for this transaction.
    ///
    /// # Errors
    /// What was typed is refused, or there is no randomness.
    pub fn new(email: &str, name: &str, role: Role, password: &str) -> Result<Self, UseCaseError> {
        let refused = |field: &str, why: &str| UseCaseError::Refused(Problem::field(field, why));
        let email = parse_agent_email(email).map_err(UseCaseError::Refused)?;
        let name = parse_name(name).map_err(|error| refused("name", &error.to_string()))?;
        if password.chars().count() < PASSWORD_CHARS {
            return Err(refused("password", "needs at least 8 characters"));
        }
        Ok(Self { email, name, role, password_hash: hash_password(password)? })
    }
}

impl UseCase for AddAgent {
    type Output = Agent;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Agent, UseCaseError> {
        let id = AgentId::mint(cx.now, clock::id_entropy()?);
        let added = Agent { id, name: self.name.clone(), email: self.email.clone(), role: self.role };
        agent::create_agent(tx, &added, &self.password_hash, cx.now).await?;
        Ok(added)
    }
}
