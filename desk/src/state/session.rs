//! Who is signed in: the three requests about it, and what a failure means for the person.

use causette_client::http::{self, Reply, Unreachable};
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::agent::{Agent, SignIn};

use super::{json, words};

const PATH: &str = "/api/v1/desk/session";

/// Why a request about the session failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// No answer came.
    Unreachable,
    /// The server refused.
    Refused(Problem),
    /// The server answered with what is no answer of ours: a proxy's page, for instance.
    Unexpected(u16),
}

/// Asks who is signed in; `None` is nobody.
///
/// # Errors
/// The question could not be answered.
pub async fn find() -> Result<Option<Agent>, SessionError> {
    match http::request("GET", PATH, None).await {
        Ok(reply) if reply.status == 204 => Ok(None),
        answer => read_agent(answer).map(Some),
    }
}

/// Signs in.
///
/// # Errors
/// The address or the password is wrong, there were too many attempts, or the server does not answer.
pub async fn create(sign_in: &SignIn) -> Result<Agent, SessionError> {
    let body = serde_json::to_string(sign_in).unwrap_or_default();
    read_agent(http::request("POST", PATH, Some(&body)).await)
}

/// Signs out.
///
/// # Errors
/// The server does not answer: the session lives on.
pub async fn delete() -> Result<(), SessionError> {
    match http::request("DELETE", PATH, None).await {
        Ok(reply) if reply.is_success() || reply.status == 401 => Ok(()),
        Ok(reply) => Err(refusal(&reply)),
        Err(Unreachable) => Err(SessionError::Unreachable),
    }
}

fn read_agent(answer: Result<Reply, Unreachable>) -> Result<Agent, SessionError> {
    let reply = answer.map_err(|Unreachable| SessionError::Unreachable)?;
    if !reply.is_success() {
        return Err(refusal(&reply));
    }
    json::read(&reply.body).map_err(|_| SessionError::Unexpected(reply.status))
}

fn refusal(reply: &Reply) -> SessionError {
    json::read(&reply.body).map_or(SessionError::Unexpected(reply.status), SessionError::Refused)
}

/// What to tell the person who tries to sign in.
#[must_use]
pub fn sign_in_message(error: &SessionError) -> String {
    match error {
        SessionError::Unreachable => {
            "The desk cannot be reached. Check your connection and try again.".to_owned()
        }
        SessionError::Refused(problem) => match problem.kind {
            ProblemKind::WrongCredentials | ProblemKind::NotSignedIn => {
                "The e-mail address or the password is wrong.".to_owned()
            }
            ProblemKind::RateLimited => match problem.retry_after_ms {
                Some(millis) => {
                    format!("Too many attempts. Please wait {}, then try again.", words::wait(millis))
                }
                None => "Too many attempts. Please wait a moment, then try again.".to_owned(),
            },
            ProblemKind::Unavailable => {
                "The desk does not answer right now. Please try again in a moment.".to_owned()
            }
            ProblemKind::Invalid => "Please check the e-mail address and the password.".to_owned(),
            kind => kind.title().to_owned(),
        },
        SessionError::Unexpected(401) => "The e-mail address or the password is wrong.".to_owned(),
        SessionError::Unexpected(429) => {
            "Too many attempts. Please wait a moment, then try again.".to_owned()
        }
        SessionError::Unexpected(_) => {
            "Something went wrong on our side. Please try again in a moment.".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Result<Reply, Unreachable> {
        Ok(Reply { status, body: body.to_owned() })
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn an_answer_is_an_agent_a_problem_or_unexpected() {
        let problem =
            r#"{"type":"about:blank","title":"t","status":401,"detail":"d","kind":"wrong_credentials"}"#;
        assert_eq!(
            read_agent(reply(401, problem)),
            Err(SessionError::Refused(Problem::with_detail(ProblemKind::WrongCredentials, "d")))
        );
        assert_eq!(read_agent(reply(502, "<html>")), Err(SessionError::Unexpected(502)));
        assert_eq!(read_agent(reply(200, "<html>")), Err(SessionError::Unexpected(200)));
        assert_eq!(read_agent(Err(Unreachable)), Err(SessionError::Unreachable));
    }

    #[wasm_bindgen_test::wasm_bindgen_test]
    fn every_failure_has_a_message_of_its_own() {
        let limited = Problem::new(ProblemKind::RateLimited).retry_after_ms(29_500);
        let messages = [
            sign_in_message(&SessionError::Unreachable),
            sign_in_message(&SessionError::Refused(Problem::new(ProblemKind::WrongCredentials))),
            sign_in_message(&SessionError::Refused(limited)),
            sign_in_message(&SessionError::Refused(Problem::new(ProblemKind::Unavailable))),
            sign_in_message(&SessionError::Unexpected(500)),
        ];
        assert!(messages[2].contains("30 seconds"), "{}", messages[2]);
        for (place, message) in messages.iter().enumerate() {
            assert!(!messages[..place].contains(message), "{message}");
        }
    }
}
