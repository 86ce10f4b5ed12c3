//! Visitors write and agents answer, at several rates: how long until the other side has it.
//!
//! An open loop: the moments of writing are drawn beforehand (a Poisson process) and do not wait for the server, and a
//! message counts from the moment at which it was to be written. An agent answers each question after a time of
//! thinking, so half of the messages are answers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use causette_e2e::harness::{Problem, Server, environment};
use causette_shared::entry::Content;
use causette_shared::id::ConversationId;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::crowd::{Asked, Crowd};
use super::ledger::{Troubles, Way};
use super::options::Options;
use super::samples::{Samples, millis};

/// What is written before this time does not count: the first messages meet cold caches.
const WARM_UP: Duration = Duration::from_secs(3);
/// An agent thinks for as long as this, or up to twice as long.
const THINKING: Duration = Duration::from_millis(500);
/// How long the last messages of a round may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one rate showed.
pub struct Round {
    /// Messages a second that were to be written, of both sides together.
    pub rate: f64,
    /// Messages a second that the other side had in the same time.
    pub throughput: f64,
    /// From visitor to desk.
    pub questions: Samples,
    /// From desk to visitor.
    pub answers: Samples,
    /// What went wrong.
    pub troubles: Troubles,
    /// Messages that the other side did not have in the end.
    pub unseen: usize,
    /// Cores that the server was busy on.
    pub cores: f64,
}

impl Round {
    /// Both directions together.
    pub fn both(&self) -> Samples {
        self.questions.join(&self.answers)
    }

    /// The figures for programs.
    pub fn to_json(&self) -> Value {
        let times = |samples: &Samples| {
            json!({
                "count": samples.len(),
                "p50_ms": millis(samples.quantile(0.5)),
                "p95_ms": millis(samples.quantile(0.95)),
                "p99_ms": millis(samples.quantile(0.99)),
                "max_ms": millis(samples.max()),
            })
        };
        json!({
            "rate_per_s": self.rate,
            "throughput_per_s": self.throughput,
            "visitor_to_desk": times(&self.questions),
            "desk_to_visitor": times(&self.answers),
            "refused": self.troubles.refused,
            "reconnects": self.troubles.lost,
            "unseen": self.unseen,
            "server_cores": self.cores,
        })
    }
}

/// A crowd in which some talk, and the tasks that let its agents answer.
pub struct Talk {
    /// Everybody.
    pub crowd: Arc<Crowd>,
    /// The conversations of those who write, by their place among the visitors.
    pub conversations: Vec<ConversationId>,
    answering: JoinHandle<()>,
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

/// Connects everybody: those who write, with their conversations open at a desk each, those who are only there, every
/// second of them with a conversation, and the desks.
pub async fn prepare(options: &Options, server: &Server) -> Result<Talk, Problem> {
    let mut crowd = Crowd::new(server);
    crowd.add_visitors(options.visitors).await?;
    let active = options.active.min(options.visitors);
    let conversing = active + (options.visitors - active) / 2;
    crowd.begin_conversations(&crowd.visitors[..conversing]).await?;
    let (asked, questions) = mpsc::unbounded_channel();
    crowd.add_desks(options.agents, &asked).await?;
    let mut conversations = Vec::with_capacity(active);
    for (number, visitor) in crowd.visitors[..active].iter().enumerate() {
        let conversation =
            visitor.held().await.conversation.ok_or("a visitor has lost their conversation")?;
        crowd.desks[number % options.agents].open(conversation);
        conversations.push(conversation);
    }
    let crowd = Arc::new(crowd);
    let answering = tokio::spawn(answer(Arc::clone(&crowd), questions));
    Ok(Talk { crowd, conversations, answering })
}

/// Lets them talk at `rate` messages a second, both sides together.
pub async fn talk(talk: &Talk, server: &Server, rate: f64, lasting: Duration) -> Result<Round, Problem> {
    let ledger = &talk.crowd.ledger;
    let before = ledger.troubles();
    let start = environment::stopwatch();
    let counted = start + WARM_UP;
    let end = counted + lasting;
    let mut at = start;
    let mut busy_before = None;
    for number in 0.. {
        at += gap(rate / 2.0);
        if at >= counted && busy_before.is_none() {
            busy_before = Some(environment::cpu_time(server.process()));
        }
        if at >= end {
            break;
        }
        tokio::time::sleep_until(at.into()).await;
        write_question(talk, number, at);
    }
    tokio::time::sleep_until(end.into()).await;
    let busy = environment::cpu_time(server.process()).saturating_sub(busy_before.unwrap_or_default());
    let unseen = talk.crowd.wait_until_seen(PATIENCE).await;
    let troubles = ledger.troubles();
    let times = |way| times_of(talk, way, counted, end);
    let (questions, answers) = (times(Way::Question), times(Way::Answer));
    let in_time = |time: &Option<Instant>| time.is_some_and(|time| time >= counted && time < end);
    let seen = ledger.all().iter().filter(|(_, written)| in_time(&written.seen)).count();
    Ok(Round {
        rate,
        throughput: seen as f64 / lasting.as_secs_f64(),
        questions,
        answers,
        troubles: Troubles { refused: troubles.refused - before.refused, lost: troubles.lost - before.lost },
        unseen,
        cores: busy.as_secs_f64() / lasting.as_secs_f64(),
    })
}

/// Lets the visitor whose turn it is write.
pub fn write_question(talk: &Talk, number: usize, at: Instant) {
    let writer = number % talk.conversations.len();
    let id = environment::entry_id();
    talk.crowd.ledger.write(id, Way::Question, talk.conversations[writer], at);
    let text = format!("Question {number}: does it come in another colour, and when could it be here?");
    talk.crowd.visitors[writer].compose(id, Content::Message { text });
}

async fn answer(crowd: Arc<Crowd>, mut questions: mpsc::UnboundedReceiver<Asked>) {
    let mut due: BTreeMap<(Instant, usize), Asked> = BTreeMap::new();
    for number in 0.. {
        let next = due.keys().next().map(|(at, _)| *at);
        let sleep = async {
            match next {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            question = questions.recv() => match question {
                Some(question) => {
                    let thinking = THINKING.mul_f64(1.0 + share());
                    due.insert((environment::stopwatch() + thinking, number), question);
                }
                None => return,
            },
            () = sleep => {
                if let Some(((at, number), asked)) = due.pop_first() {
                    let id = environment::entry_id();
                    crowd.ledger.write(id, Way::Answer, asked.conversation, at);
                    let text = format!("Answer {number}: yes, in green and in brass, the day after tomorrow.");
                    crowd.desks[asked.desk].compose(asked.conversation, id, Content::Message { text });
                }
            }
        }
    }
}

/// The times of what was written between two moments, and seen.
fn times_of(talk: &Talk, way: Way, from: Instant, to: Instant) -> Samples {
    let counts = |at: Instant| at >= from && at < to;
    let written = talk.crowd.ledger.all().into_iter().map(|(_, written)| written);
    let counted = written.filter(|written| written.way == way && counts(written.at));
    Samples::new(
        counted.filter_map(|written| Some(written.seen?.saturating_duration_since(written.at))).collect(),
    )
}

/// The time to the next event of a Poisson process with `rate` events a second.
fn gap(rate: f64) -> Duration {
    Duration::from_secs_f64(-(1.0 - share()).ln() / rate)
}

/// A number from 0 up to, and without, 1.
fn share() -> f64 {
    f64::from(environment::random_number()) / (f64::from(u32::MAX) + 1.0)
}
