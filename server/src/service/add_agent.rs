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
    /// The address to sign in with.
    pub email: String,
    /// The name that visitors see.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Their password.
    pub password: String,
}

impl UseCase for AddAgent {
    type Output = Agent;

    async fn run(&self, tx: &mut Tx, cx: &mut Context) -> Result<Agent, UseCaseError> {
        let email = parse_agent_email(&self.email).map_err(UseCaseError::Refused)?;
        let name = parse_name(&self.name)
            .map_err(|error| UseCaseError::Refused(Problem::field("name", &error.to_string())))?;
        if self.password.chars().count() < PASSWORD_CHARS {
            return Err(UseCaseError::Refused(Problem::field("password", "needs at least 8 characters")));
        }
        let id = AgentId::mint(cx.now, clock::id_entropy()?);
        let added = Agent { id, name, email, role: self.role };
        agent::create_agent(tx, &added, &hash_password(&self.password)?, cx.now).await?;
        Ok(added)
    }
}
