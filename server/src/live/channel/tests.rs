//! Both ends of a channel without HTTP between them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::Message;
use causette_shared::problem::{Problem, ProblemKind};
use causette_shared::protocol::channel::{WORD, push_frame};
use tokio::time::{Instant, timeout_at};

use super::exchange::QUEUE_BYTES;
use super::{Channel, Channels, Owner, Patience, Shared};
use crate::secret::SecretHash;

/// Not reached, unless something is wrong.
const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(30);
const PATIENT: Patience = Patience { silence: LONG, abandoned: LONG, receive: LONG, linger: LONG };

fn open(patience: Patience) -> (Arc<Channels>, SecretHash, Arc<Shared>, Channel) {
    let channels = Channels::new(2, patience);
    let peer = IpAddr::from([192, 0, 2, 1]);
    let (token, end) = channels.open(Owner::Visitor, peer).expect("there is room");
    let token = SecretHash::of(token.expose());
    let shared = channels.find(Owner::Visitor, &token).expect("it is open");
    (channels, token, shared, end)
}

fn number(number: u32) -> [u8; WORD] {
    number.to_be_bytes()
}

fn frame(text: &'static str) -> Message {
    Message::Binary(Bytes::from_static(text.as_bytes()))
}

fn body(frames: &[&str]) -> Bytes {
    let mut body = Vec::new();
    frames.iter().for_each(|frame| push_frame(&mut body, frame.as_bytes()));
    body.into()
}

#[tokio::test]
async fn a_client_that_is_silent_is_given_up() {
    let (_channels, _token, _shared, end) = open(Patience { silence: SHORT, ..PATIENT });
    assert!(end.receive().await.is_err());
}

#[tokio::test]
async fn each_request_puts_the_end_off() {
    let (_channels, _token, shared, end) = open(PATIENT);
    let silent_at = || shared.silent_at();
    let before = silent_at();
    shared.put([&number(1)[..], &body(&["a"])].concat().into()).await.expect("it is taken");
    let sent = silent_at();
    assert!(sent > before);
    end.send(frame("b")).await;
    shared.fetch(&number(1)).await.expect("there is a frame");
    assert!(silent_at() > sent);
    assert!(shared.fetch(&number(7)).await.is_err());
    let after = silent_at();
    assert!(shared.put(number(7).to_vec().into()).await.is_err());
    assert!(shared.put(Bytes::new()).await.is_err());
    assert_eq!(silent_at(), after, "what cannot be read is no sign of life");
}

#[tokio::test]
async fn one_whose_request_breaks_off_is_given_up_soon() {
    let (_channels, _token, shared, end) =
        open(Patience { abandoned: SHORT, silence: 100 * LONG, ..PATIENT });
    let ended = tokio::spawn(async move { end.receive().await.is_err() });
    let body = number(1);
    // Begins to wait, and is dropped as a server drops a request whose connection has gone.
    assert!(timeout_at(Instant::now() + SHORT, shared.fetch(&body)).await.is_err());
    let ended = timeout_at(Instant::now() + LONG, ended).await;
    let ended = ended.expect("it ends well before it has been silent for long");
    assert!(ended.expect("it does not panic"));
}

#[tokio::test]
async fn a_request_for_nothing_is_answered_with_nothing() {
    let (_channels, _token, shared, _end) = open(Patience { receive: SHORT, ..PATIENT });
    assert_eq!(shared.fetch(&number(1)).await, Ok(Bytes::new()));
    assert_eq!(shared.fetch(&number(1)).await, Ok(Bytes::new()), "and again, if that was lost");
    assert_eq!(shared.fetch(&number(2)).await, Ok(Bytes::new()));
    assert!(shared.fetch(&number(1)).await.is_err(), "it has arrived, as the second has shown");
}

#[tokio::test]
async fn what_is_sent_waits_for_room_and_keeps_its_order() {
    let (_channels, _token, shared, end) = open(PATIENT);
    let long = "x".repeat(QUEUE_BYTES);
    end.send(Message::Binary(long.clone().into())).await;
    {
        let waits = end.send(frame("behind"));
        tokio::pin!(waits);
        assert!(timeout_at(Instant::now(), &mut waits).await.is_err(), "the queue is full");
        assert_eq!(shared.fetch(&number(1)).await, Ok(body(&[&long])));
        waits.await;
    }
    end.send(frame("last")).await;
    assert_eq!(shared.fetch(&number(2)).await, Ok(body(&["behind", "last"])));
}

#[tokio::test]
async fn what_is_put_waits_until_the_task_has_taken_what_came_before() {
    let (_channels, _token, shared, end) = open(PATIENT);
    let request = |of: u32, frames: &[&str]| Bytes::from([&number(of)[..], &body(frames)].concat());
    shared.put(request(1, &["a", "b"])).await.expect("it is taken");
    let second = shared.put(request(2, &["c"]));
    tokio::pin!(second);
    assert!(timeout_at(Instant::now(), &mut second).await.is_err(), "the task is not that far");
    for expected in ["a", "b"] {
        assert_eq!(end.receive().await.ok(), Some(frame(expected)));
    }
    second.await.expect("there is room");
    assert_eq!(end.receive().await.ok(), Some(frame("c")));
    shared.put(request(2, &["c"])).await.expect("it was taken before");
    let (taken, next) = tokio::join!(shared.put(request(3, &["d"])), end.receive());
    taken.expect("it is taken");
    assert_eq!(next.ok(), Some(frame("d")), "and what was repeated is not taken again");
}

#[tokio::test]
async fn the_last_words_can_be_fetched_and_then_the_place_is_free() {
    let (channels, token, shared, end) = open(Patience { linger: SHORT, ..PATIENT });
    let peer = IpAddr::from([192, 0, 2, 1]);
    let (_, other) = channels.open(Owner::Visitor, peer).expect("there is room for two");
    let refused = channels.open(Owner::Visitor, peer).err().expect("but not for three");
    assert_eq!(refused.kind, ProblemKind::RateLimited);
    end.send(frame("goodbye")).await;
    drop(end);
    assert_eq!(shared.fetch(&number(1)).await, Ok(body(&["goodbye"])));
    let gone = |problem: Problem| problem.kind == ProblemKind::NotFound;
    assert!(shared.fetch(&number(2)).await.is_err_and(gone));
    assert!(shared.put(number(1).to_vec().into()).await.is_err_and(gone));
    while channels.find(Owner::Visitor, &token).is_ok() {
        tokio::time::sleep(SHORT).await;
    }
    channels.open(Owner::Visitor, peer).expect("its place is free");
    drop(other);
}
