//! One piece of work that writes: its closure, its moment, and what follows when it is committed.
//! It knows neither the scope nor the type of what it does (see [`super::wrapped`]).
//!
//! Who runs it, and who commits, differs between the engines; see [`super::doors`].

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::conn::DbConn;
use super::freshness::Freshness;
use super::horizon::{Stay, UnderWay};
use super::kept_counts;
use super::scope::{Context, Origin};
use super::wrapped::{BareBody, Body, Value};
use super::writer::Member;
use crate::base::time::{Clock, Timestamp};
use crate::base::{Error, Result};
use crate::engine::events::Reactions;
use crate::engine::jobs::Wake;

/// What every transaction has around it.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub clock: Clock,
    pub wake: Wake,
    pub reactions: Arc<Reactions>,
    pub freshness: Arc<Freshness>,
    pub under_way: UnderWay,
}

impl Surroundings {
    /// Of what reads.
    pub fn context(&self, origin: Origin) -> Context {
        self.context_at(self.clock.now(), origin)
    }

    fn context_at(&self, now: Timestamp, origin: Origin) -> Context {
        Context {
            now,
            origin,
            reactions: self.reactions.clone(),
            enqueued: Cell::new(false),
            after_commit: RefCell::default(),
            changed: RefCell::default(),
            under_way: self.under_way.clone(),
            counted: RefCell::default(),
        }
    }
}

/// A write.
pub(super) struct Work {
    around: Surroundings,
    /// Until it is run.
    todo: Option<(Origin, Body)>,
    context: Option<Context>,
    /// It is under way until it is concluded.
    stay: Option<Stay>,
    result: Option<Result<Value>>,
    answer: Option<oneshot::Sender<Result<Value>>>,
    span: tracing::Span,
}

impl Work {
    pub fn new(around: Surroundings, origin: Origin, body: Body) -> (Self, oneshot::Receiver<Result<Value>>) {
        let (answer, answered) = oneshot::channel();
        let (todo, span) = (Some((origin, body)), tracing::Span::current());
        (Self { around, todo, context: None, stay: None, result: None, answer: Some(answer), span }, answered)
    }

    /// Runs the closure in the transaction of `conn`. Its moment is now, and a panic is a failure like any other.
    pub fn run(&mut self, conn: &mut DbConn) {
        let Some((origin, body)) = self.todo.take() else { return };
        let (now, stay) = self.around.under_way.enter();
        self.stay = Some(stay);
        let context = &*self.context.insert(self.around.context_at(now, origin));
        let run = || {
            let value = body(conn, context)?;
            kept_counts::append(conn, context)?;
            Ok(value)
        };
        let outcome = self.span.in_scope(|| catch_unwind(AssertUnwindSafe(run)));
        self.result = Some(outcome.unwrap_or_else(|panicked| Err(Error::internal(words(&*panicked)))));
    }

    /// Is there something to be committed?
    pub fn is_done(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    /// The caller's answer once the transaction has ended. When all of a group is lost, so is a member's own refusal: it may
    /// have rested on what another member wrote. After a commit the actions run and the workers wake, before the caller knows.
    pub fn conclude(&mut self, ended: Result<()>) -> Result<Value> {
        // Before the caller is answered, who may read at once what was written here.
        self.stay = None;
        // Also after a commit that failed: nobody knows whether the server heard of it.
        for tenant in self.context.iter().flat_map(|context| context.changed.take()) {
            self.around.freshness.change(tenant);
        }
        let value = match (self.result.take(), ended) {
            (_, Err(failed)) => return Err(failed),
            (Some(Err(refused)), Ok(())) => return Err(refused),
            (Some(Ok(value)), Ok(())) => value,
            (None, Ok(())) => return Err(Error::internal("never run")),
        };
        if let Some(context) = self.context.take() {
            self.span.in_scope(|| {
                for action in context.after_commit.take() {
                    action();
                }
            });
            if context.enqueued.get() {
                self.around.wake.notify();
            }
        }
        Ok(value)
    }
}

impl Member for Work {
    fn run(&mut self, conn: &mut DbConn) -> bool {
        Work::run(self, conn);
        self.is_done()
    }
    fn answer(mut self: Box<Self>, committed: Result<()>) {
        let answer = self.answer.take();
        let result = self.conclude(committed);
        if let Some(answer) = answer {
            // A caller that went away does not need to know.
            let _ = answer.send(result);
        }
    }
}

/// Work on a bare connection of the writer.
pub(super) struct Bare {
    body: Option<BareBody>,
    result: Option<Result<Value>>,
    answer: oneshot::Sender<Result<Value>>,
}

impl Bare {
    pub fn new(body: BareBody) -> (Self, oneshot::Receiver<Result<Value>>) {
        let (answer, answered) = oneshot::channel();
        (Self { body: Some(body), result: None, answer }, answered)
    }
}

impl Member for Bare {
    fn run(&mut self, conn: &mut DbConn) -> bool {
        let Some(body) = self.body.take() else { return false };
        let outcome = catch_unwind(AssertUnwindSafe(|| body(conn)));
        self.result = Some(outcome.unwrap_or_else(|panicked| Err(Error::internal(words(&*panicked)))));
        true
    }
    fn is_bare(&self) -> bool {
        true
    }
    fn answer(self: Box<Self>, ended: Result<()>) {
        let Self { result, answer, .. } = *self;
        let _ = answer.send(ended.and_then(|()| result.unwrap_or_else(|| Err(Error::internal("never run")))));
    }
}

/// What a panic said.
fn words(panicked: &(dyn std::any::Any + Send)) -> String {
    let said = panicked.downcast_ref::<&str>().map(ToString::to_string);
    said.or_else(|| panicked.downcast_ref::<String>().cloned())
        .map_or_else(|| "panicked".into(), |said| format!("panicked: {said}"))
}
