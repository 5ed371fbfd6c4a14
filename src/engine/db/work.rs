//! One piece of work that writes: its closure, its moment, and what follows when it is committed.
//!
//! Who runs it, and who commits, differs between the engines; see [`super::doors`].

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::oneshot;

use super::conn::DbConn;
use super::freshness::Freshness;
use super::scope::{Context, Scope};
use super::writer::Member;
use crate::base::time::Clock;
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
}

impl Surroundings {
    pub fn context(&self, scope: &impl Scope) -> Context {
        Context {
            now: self.clock.now(),
            origin: scope.origin(),
            reactions: self.reactions.clone(),
            enqueued: Cell::new(false),
            after_commit: RefCell::default(),
            changed: RefCell::default(),
        }
    }
}

/// A write of `T` within the scope `S`.
pub(super) struct Work<S, T, F> {
    around: Surroundings,
    scope: S,
    body: Option<F>,
    context: Option<Context>,
    result: Option<Result<T>>,
    answer: Option<oneshot::Sender<Result<T>>>,
    span: tracing::Span,
}

impl<S, T, F> Work<S, T, F>
where
    S: Scope,
    F: FnOnce(&mut S::Tx<'_>) -> Result<T>,
{
    pub fn new(around: Surroundings, scope: S, body: F) -> (Self, oneshot::Receiver<Result<T>>) {
        let (answer, answered) = oneshot::channel();
        let span = tracing::Span::current();
        let work = Self { around, scope, body: Some(body), context: None, result: None, answer: Some(answer), span };
        (work, answered)
    }

    /// Runs the closure in the transaction of `conn`. Its moment is now, and a panic is a failure like any other.
    pub fn run(&mut self, conn: &mut DbConn) {
        let Some(body) = self.body.take() else { return };
        let context = &*self.context.insert(self.around.context(&self.scope));
        let run = || body(&mut self.scope.bind(conn, context));
        let outcome = self.span.in_scope(|| catch_unwind(AssertUnwindSafe(run)));
        self.result = Some(outcome.unwrap_or_else(|panicked| Err(Error::internal(words(&*panicked)))));
    }

    /// Is there something to be committed?
    pub fn is_done(&self) -> bool {
        matches!(self.result, Some(Ok(_)))
    }

    /// The caller's answer once the transaction has ended. When all of a group is lost, so is a member's own refusal: it may
    /// have rested on what another member wrote. After a commit the actions run and the workers wake, before the caller knows.
    pub fn conclude(&mut self, ended: Result<()>) -> Result<T> {
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

impl<S, T, F> Member for Work<S, T, F>
where
    S: Scope,
    T: Send,
    F: FnOnce(&mut S::Tx<'_>) -> Result<T> + Send,
{
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
pub(super) struct Bare<T, F> {
    body: Option<F>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<T, F: FnOnce(&mut DbConn) -> Result<T>> Bare<T, F> {
    pub fn new(body: F) -> (Self, oneshot::Receiver<Result<T>>) {
        let (answer, answered) = oneshot::channel();
        (Self { body: Some(body), result: None, answer }, answered)
    }
}

impl<T: Send, F: FnOnce(&mut DbConn) -> Result<T> + Send> Member for Bare<T, F> {
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
