//! Reading a real mailbox: once each, marked only when done, whatever happens to server, connection and taker.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use causette_server::mail::mailbox::{
    Content, Fetched, Mailbox, MailboxError, MailboxOptions, State, Take, Taken,
};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::harness::dovecot::{Ability, Dovecot, INTERNATIONAL_LOGIN, LOGIN};
use crate::harness::imap::{self, ImapServer};
use crate::harness::{eventually, within};

/// Takes mails as told, and remembers them.
#[derive(Clone)]
struct Taker {
    taken: Arc<Mutex<Vec<Fetched>>>,
    /// By what a mail contains; everything else is done.
    verdicts: Arc<Mutex<HashMap<&'static str, Verdict>>>,
    /// How many it was asked to take.
    begun: Arc<AtomicUsize>,
    /// Each mail takes a permit.
    gate: Arc<Semaphore>,
}

#[derive(Clone, Copy)]
enum Verdict {
    Say(Taken),
    Panic,
}

impl Taker {
    fn new() -> Self {
        let gate = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Self { taken: Arc::default(), verdicts: Arc::default(), begun: Arc::default(), gate }
    }

    fn on(self, text: &'static str, verdict: Verdict) -> Self {
        self.verdicts.lock().expect("nobody panicked").insert(text, verdict);
        self
    }

    fn taken(&self) -> Vec<Fetched> {
        self.taken.lock().expect("nobody panicked").clone()
    }

    /// The subjects that came, in order.
    fn subjects(&self) -> Vec<String> {
        self.taken().iter().map(subject).collect()
    }

    async fn until(&self, count: usize) -> Vec<String> {
        eventually("the mails", || async { self.taken().len() >= count }).await;
        self.subjects()
    }
}

impl Take for Taker {
    async fn take(&self, mail: Fetched) -> Taken {
        self.begun.fetch_add(1, Ordering::SeqCst);
        self.gate.acquire().await.expect("it stays open").forget();
        let subject = subject(&mail);
        self.taken.lock().expect("nobody panicked").push(mail);
        let verdict = self.verdicts.lock().expect("nobody panicked").get(subject.as_str()).copied();
        match verdict.unwrap_or(Verdict::Say(Taken::Done)) {
            Verdict::Say(taken) => taken,
            Verdict::Panic => panic!("this mail is poison"),
        }
    }
}

fn subject(mail: &Fetched) -> String {
    let raw = match &mail.content {
        Content::Whole(raw) => raw.as_slice(),
        Content::TooLarge { headers, .. } => headers.as_slice(),
        Content::Unreadable => return "unreadable".to_owned(),
    };
    let text = String::from_utf8_lossy(raw);
    text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap_or_default().to_owned()
}

fn mail(subject: &str) -> Vec<u8> {
    format!("From: bob@mail.example\r\nSubject: {subject}\r\n\r\nText\r\n").into_bytes()
}

/// What never comes by itself within a test, unless the test says otherwise.
const NEVER: Duration = Duration::from_secs(600);

fn patient() -> MailboxOptions {
    MailboxOptions {
        poll_every: NEVER,
        idle_for: NEVER,
        again_after: NEVER,
        backoff_first: Duration::from_millis(20),
        backoff_last: Duration::from_millis(200),
        ..MailboxOptions::default()
    }
}

struct Reader {
    task: JoinHandle<()>,
    stop: watch::Sender<bool>,
    state: watch::Receiver<State>,
}

impl Reader {
    fn start(url: &str, options: MailboxOptions, taker: &Taker) -> Self {
        let url = url.parse().expect("it is an address");
        let mailbox = Mailbox::new(url, options).expect("there is what to trust");
        let (stop, stopped) = watch::channel(false);
        let (state, taker) = (mailbox.state(), taker.clone());
        let task = tokio::spawn(async move { mailbox.run(&taker, stopped).await });
        Self { task, stop, state }
    }

    async fn until(&mut self, what: &str, holds: impl FnMut(&State) -> bool) -> State {
        within(what, self.state.wait_for(holds)).await.expect("it runs").clone()
    }

    /// Waits until everything is taken; returns the UIDVALIDITY and whether the server tells of new mails.
    async fn until_waiting(&mut self) -> (u32, bool) {
        match self.until("the wait", |state| matches!(state, State::Waiting { .. })).await {
            State::Waiting { uid_validity, is_told } => (uid_validity, is_told),
            other => panic!("{other:?}"),
        }
    }

    async fn stop(self) {
        self.stop.send_replace(true);
        within("the end", self.task).await.expect("it did not panic");
        assert_eq!(*self.state.borrow(), State::Stopped);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mail_is_taken_once_in_order_and_marked() {
    let server = Dovecot::start();
    let names: Vec<String> = ["one", "two", "three"].map(|text| server.deliver(&mail(text))).into();
    let taker = Taker::new();
    let mut reader = Reader::start(&server.url(), patient(), &taker);
    let (uid_validity, is_told) = reader.until_waiting().await;
    assert!(is_told);
    // Dovecot numbers what it finds at once by name: as they were delivered.
    assert_eq!(taker.subjects(), ["one", "two", "three"]);
    assert!(names.iter().all(|name| server.is_seen(name)));
    let taken = taker.taken();
    assert_eq!(taken[0].content, Content::Whole(mail("one")));
    assert!(taken.iter().all(|mail| mail.uid_validity == uid_validity));
    assert_eq!(taken.iter().map(|mail| mail.uid).collect::<Vec<_>>(), [1, 2, 3]);
    reader.stop().await;
    // Nor by the next one who reads.
    let mut reader = Reader::start(&server.url(), patient(), &taker);
    reader.until_waiting().await;
    assert_eq!(taker.taken().len(), 3);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_tells_of_a_new_mail_also_of_one_that_came_while_another_was_taken() {
    let server = Dovecot::start();
    let mut taker = Taker::new();
    taker.gate = Arc::new(Semaphore::new(0));
    let mut reader = Reader::start(&server.url(), patient(), &taker);
    assert!(reader.until_waiting().await.1);
    let first = server.deliver(&mail("first"));
    eventually("the taker", || async { taker.begun.load(Ordering::SeqCst) == 1 }).await;
    assert!(!server.is_seen(&first), "it is not marked before it is taken");
    let second = server.deliver(&mail("second"));
    taker.gate.add_permits(2);
    assert_eq!(taker.until(2).await, ["first", "second"]);
    for name in [&first, &second] {
        server.until_seen(name).await;
    }
    reader.until_waiting().await;
    taker.gate.add_permits(1);
    server.deliver(&mail("third"));
    assert_eq!(taker.until(3).await, ["first", "second", "third"]);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_behind_the_search_is_not_waited_for() {
    // The server tells of a mail once, with an answer that does not name it yet; in IDLE it says nothing of it.
    let searches = AtomicUsize::new(0);
    let server = ImapServer::start(move |_, command| match command {
        "SEARCH" => imap::Answer::Says(match searches.fetch_add(1, Ordering::SeqCst) {
            0 => "* SEARCH\r\n* 1 EXISTS\r\n".to_owned(),
            _ => "* SEARCH 7\r\n".to_owned(),
        }),
        _ => imap::Answer::Usual,
    })
    .await;
    let taker = Taker::new();
    let reader = Reader::start(&server.url(), patient(), &taker);
    assert_eq!(taker.until(1).await, ["mail 7"]);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_for_later_stays_unseen_and_holds_up_nothing() {
    let server = Dovecot::start();
    let later = server.deliver(&mail("later"));
    let poison = server.deliver(&mail("poison"));
    let aside = server.deliver(&mail("aside"));
    let done = server.deliver(&mail("done"));
    let taker = Taker::new()
        .on("later", Verdict::Say(Taken::Later))
        .on("poison", Verdict::Panic)
        .on("aside", Verdict::Say(Taken::PutAside));
    let mut reader = Reader::start(&server.url(), patient(), &taker);
    reader.until_waiting().await;
    assert_eq!(taker.subjects(), ["later", "poison", "aside", "done"]);
    assert!(server.is_seen(&aside) && server.is_seen(&done));
    assert!(!server.is_seen(&later) && !server.is_seen(&poison));
    // A new mail is no occasion to offer the others again.
    server.deliver(&mail("new"));
    assert_eq!(taker.until(5).await.last().map(String::as_str), Some("new"));
    reader.until_waiting().await;
    reader.stop().await;
    assert_eq!(taker.taken().len(), 5);
    // Time is.
    let soon = MailboxOptions { again_after: Duration::from_millis(50), ..patient() };
    let reader = Reader::start(&server.url(), soon, &taker);
    eventually("the second offer", || async {
        ["later", "poison"].iter().all(|text| taker.subjects().iter().filter(|it| it == text).count() >= 3)
    })
    .await;
    taker.verdicts.lock().expect("nobody panicked").clear();
    for name in [&later, &poison] {
        server.until_seen(name).await;
    }
    reader.stop().await;
    let subjects = taker.subjects();
    assert!(
        subjects.iter().all(|text| matches!(text.as_str(), "later" | "poison" | "aside" | "done" | "new"))
    );
    assert_eq!(subjects.iter().filter(|text| *text == "done").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_idle_it_is_asked_from_time_to_time() {
    let server = Dovecot::with(Ability::NoIdle);
    let taker = Taker::new();
    let often = MailboxOptions { poll_every: Duration::from_millis(50), ..patient() };
    let mut reader = Reader::start(&server.url(), often, &taker);
    assert!(!reader.until_waiting().await.1);
    let name = server.deliver(&mail("polled"));
    assert_eq!(taker.until(1).await, ["polled"]);
    server.until_seen(&name).await;
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_comes_back_when_the_server_does() {
    let server = Dovecot::start();
    let taker = Taker::new();
    let mut reader = Reader::start(&server.url(), patient(), &taker);
    reader.until_waiting().await;
    server.stop();
    let is_away = |state: &State| matches!(state, State::Lost(MailboxError::Unreachable(_)));
    reader.until("the loss", is_away).await;
    let name = server.deliver(&mail("meanwhile"));
    server.start_again();
    assert_eq!(taker.until(1).await, ["meanwhile"]);
    server.until_seen(&name).await;
    reader.until_waiting().await;
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_whose_mark_was_lost_is_offered_again_under_the_same_number() {
    // The connection dies between the taker's commit and the mark.
    let server = ImapServer::start(|connection, command| match command {
        "SEARCH" => imap::Answer::Says("* SEARCH 7\r\n".to_owned()),
        "STORE 7" if connection == 1 => imap::Answer::Closes,
        _ => imap::Answer::Usual,
    })
    .await;
    let taker = Taker::new();
    let soon = MailboxOptions { again_after: Duration::from_millis(50), ..patient() };
    let reader = Reader::start(&server.url(), soon, &taker);
    eventually("the mark", || async { server.count("STORE 7") >= 2 }).await;
    reader.stop().await;
    let taken = taker.taken();
    assert_eq!((taken[0].uid_validity, taken[0].uid), (11, 7));
    assert_eq!(taken[0], taken[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_numbering_is_told() {
    let server = Dovecot::start();
    let taker = Taker::new();
    server.deliver(&mail("before"));
    let mut reader = Reader::start(&server.url(), patient(), &taker);
    let (before, _) = reader.until_waiting().await;
    server.reset_uid_validity();
    server.deliver(&mail("after"));
    assert_eq!(taker.until(2).await, ["before", "after"]);
    let (after, _) = reader.until_waiting().await;
    assert_ne!(before, after);
    assert_eq!(taker.taken().iter().map(|mail| mail.uid_validity).collect::<Vec<_>>(), [before, after]);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_mail_over_the_limit_only_the_headers_are_read() {
    let server = Dovecot::start();
    let mut huge = mail("huge");
    huge.resize(3_000_000, b'x');
    let exact = {
        let mut raw = mail("exact");
        raw.resize(2_000_000, b'y');
        raw
    };
    let (huge_name, exact_name) = (server.deliver(&huge), server.deliver(&exact));
    let taker = Taker::new();
    let limit = MailboxOptions { size_limit: 2_000_000, ..patient() };
    let mut reader = Reader::start(&server.url(), limit, &taker);
    reader.until_waiting().await;
    let taken = taker.taken();
    let headers = b"From: bob@mail.example\r\nSubject: huge\r\n\r\n".to_vec();
    assert_eq!(taken[0].content, Content::TooLarge { headers, size: 3_000_000 });
    assert_eq!(taken[1].content, Content::Whole(exact));
    assert!(server.is_seen(&huge_name) && server.is_seen(&exact_name));
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_in_works_and_a_wrong_one_is_told() {
    let server = Dovecot::start();
    let open = |url: String| async move {
        let mailbox =
            Mailbox::new(url.parse().expect("it is an address"), patient()).expect("it can be trusted");
        within("the answer", mailbox.check()).await
    };
    let expected = open(server.url()).await.expect("it opens");
    for scheme in ["imap", "imaps"] {
        for login in [LOGIN, INTERNATIONAL_LOGIN] {
            assert_eq!(open(server.encrypted_url(scheme, login)).await, Ok(expected), "{scheme}");
        }
        let without_authority = server.encrypted_url(scheme, LOGIN);
        let without_authority = without_authority.split("ca=").next().expect("there is a beginning");
        assert_eq!(
            open(without_authority.trim_end_matches('?').to_owned()).await,
            Err(MailboxError::Encryption)
        );
    }
    let wrong = server.url().replace("correct-horse", "wrong");
    assert_eq!(open(wrong).await, Err(MailboxError::Login));
    assert_eq!(open(format!("{}/Nowhere", server.url())).await, Err(MailboxError::Folder));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_half_dead_is_noticed() {
    // The first connection goes silent in IDLE, without end; the second one answers.
    let server = ImapServer::start(|connection, command| match command {
        "IDLE" | "DONE" if connection == 1 => imap::Answer::Silence,
        "SEARCH" if connection == 2 => imap::Answer::Says("* SEARCH 7\r\n".to_owned()),
        _ => imap::Answer::Usual,
    })
    .await;
    let taker = Taker::new();
    let brief = Duration::from_secs(1);
    let reader = Reader::start(
        &server.url(),
        MailboxOptions { patience: brief, idle_for: brief, ..patient() },
        &taker,
    );
    assert_eq!(taker.until(1).await, ["mail 7"]);
    reader.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_server_cannot_give_is_told_after_three_times_and_the_next_ones_flow() {
    // 5 is refused, 6 is given in a way that nobody understands, 7 is larger than said, 8 says nothing at all.
    let server = ImapServer::start(|_, command| match command {
        "SEARCH" => imap::Answer::Says("* SEARCH 8 7 6 5 9\r\n".to_owned()),
        "FETCH 5 BODY" => imap::Answer::Refuses,
        "FETCH 6 BODY" => imap::Answer::Says("* 6 FETCH (UID 6 BODY[]<0> {x}\r\n".to_owned()),
        "FETCH 7 BODY" => {
            let raw = format!("Subject: liar\r\n\r\n{}", "x".repeat(2000));
            imap::Answer::Says(format!("* 7 FETCH (UID 7 BODY[]<0> {{{}}}\r\n{raw})\r\n", raw.len()))
        }
        "FETCH 8 BODY" => imap::Answer::Says("* 8 FETCH (UID 8 BODY[]<0> NIL)\r\n".to_owned()),
        _ => imap::Answer::Usual,
    })
    .await;
    let taker = Taker::new();
    let options = MailboxOptions {
        size_limit: 1000,
        again_after: Duration::from_millis(50),
        idle_for: Duration::from_millis(50),
        ..patient()
    };
    let reader = Reader::start(&server.url(), options, &taker);
    let has = |uid: u32, wanted: fn(&Content) -> bool| {
        let taken = taker.taken();
        taken.iter().any(|mail| mail.uid == uid && wanted(&mail.content))
    };
    eventually("all of them", || async {
        let is_unreadable = |content: &Content| *content == Content::Unreadable;
        [5, 6, 8].iter().all(|uid| has(*uid, is_unreadable))
            && has(7, |content| matches!(content, Content::TooLarge { size: 1001, .. }))
            && has(9, |content| matches!(content, Content::Whole(_)))
    })
    .await;
    reader.stop().await;
    for uid in [5, 6, 8] {
        let first = taker.taken().into_iter().find(|mail| mail.uid == uid).expect("it came");
        assert_eq!(first.content, Content::Unreadable);
        assert_eq!(server.count(&format!("FETCH {uid} BODY")), 3);
    }
    for uid in 5..=9 {
        assert!(server.count(&format!("STORE {uid}")) >= 1, "{uid} is marked");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_stops_at_once_wherever_it_is() {
    // Nobody there, waiting to try again.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let url = format!("imap://u:p@{}", free.local_addr().expect("it is bound"));
    drop(free);
    let slow = MailboxOptions { backoff_first: NEVER, backoff_last: NEVER, ..patient() };
    let mut reader = Reader::start(&url, slow, &Taker::new());
    reader.until("the loss", |state| matches!(state, State::Lost(_))).await;
    reader.stop().await;
    // A server that does not even greet.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("there is a port");
    let url = format!("imap://u:p@{}", silent.local_addr().expect("it is bound"));
    let reader = Reader::start(&url, patient(), &Taker::new());
    let held = within("the connection", silent.accept()).await;
    reader.stop().await;
    drop(held);
    // While a mail is taken: it is taken to its end and marked, and the next one is not begun.
    let server = Dovecot::start();
    let name = server.deliver(&mail("last"));
    server.deliver(&mail("not any more"));
    let mut taker = Taker::new();
    taker.gate = Arc::new(Semaphore::new(0));
    let reader = Reader::start(&server.url(), patient(), &taker);
    eventually("the taker", || async { taker.begun.load(Ordering::SeqCst) == 1 }).await;
    reader.stop.send_replace(true);
    taker.gate.add_permits(2);
    reader.stop().await;
    assert_eq!(taker.subjects(), ["last"]);
    assert!(server.is_seen(&name));
}
