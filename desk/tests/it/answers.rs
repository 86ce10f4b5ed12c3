//! A stand-in for `fetch`: it answers what it was told to, everything else with 404, and notes each request.

use causette_shared::problem::{Problem, ProblemKind};
use leptos::prelude::window;
use serde::Serialize;

/// What becomes of a request: its method and path, the status, the body.
#[derive(Serialize)]
pub struct Answer(String, u16, String);

impl Answer {
    /// One that has what was asked for.
    pub fn json<T: Serialize>(of: &str, body: &T) -> Self {
        Self::text(of, 200, &json(body))
    }

    /// One that the server refuses.
    pub fn refusal(of: &str, problem: &Problem) -> Self {
        Self::text(of, problem.kind.status(), &json(problem))
    }

    /// One of a text, which need not be JSON.
    pub fn text(of: &str, status: u16, body: &str) -> Self {
        Self(of.to_owned(), status, body.to_owned())
    }
}

/// A value as it travels.
pub fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it can be written")
}

/// Answers so from now on, and has noted nothing yet. Of two answers to the same the first holds.
pub fn answer(answers: &[Answer]) {
    let (table, unknown) = (json(&answers), json(&Problem::new(ProblemKind::NotFound)));
    let script = format!(
        "window.asked = []; window.answers = {table}; window.fetch = async (path, init) => {{ \
         const of = `${{init.method}} ${{path}}`; window.asked.push(init.body ? of + ' ' + init.body : of); \
         const [, status, body] = window.answers.find((row) => row[0] === of) ?? [of, 404, {}]; \
         return new Response(status === 204 ? null : body, {{ status }}); }};",
        json(&unknown)
    );
    js_sys::eval(&script).expect("it is JavaScript");
}

/// Answers one request otherwise from now on.
pub fn answer_otherwise(answer: Answer) {
    js_sys::eval(&format!("window.answers.unshift({})", json(&answer))).expect("it is JavaScript");
}

/// What was asked: `GET /path`, and behind a space what was sent with it.
pub fn asked() -> Vec<String> {
    let asked = js_sys::Reflect::get(&window(), &"asked".into()).expect("it was set");
    js_sys::Array::from(&asked).iter().filter_map(|one| one.as_string()).collect()
}

/// The same, of one method.
pub fn asked_to(method: &str) -> Vec<String> {
    asked().into_iter().filter(|one| one.starts_with(method)).collect()
}
