//! Which handler runs which kind.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use super::context::JobContext;
use super::model::{Close, Job, JobKind, Outcome};
use super::schedule::Periodic;
use super::times::{LONGEST_RUN, LONGEST_TOGETHER};
use crate::base::Result;
use crate::base::id::JobId;

type Run = Arc<dyn Fn(JobContext) -> Pin<Box<dyn Future<Output = Result<Outcome>> + Send>> + Send + Sync>;

type RunTogether =
    Arc<dyn Fn(Vec<JobContext>) -> Pin<Box<dyn Future<Output = Result<HashSet<JobId>>> + Send>> + Send + Sync>;

#[derive(Clone)]
pub(super) struct Entry {
    pub kind: &'static JobKind,
    pub run: Run,
    pub together: Option<RunTogether>,
}

/// Every kind of job this process can run, and what it runs periodically.
#[derive(Default)]
pub struct Registry {
    entries: HashMap<&'static str, Entry>,
    deaths: HashMap<&'static str, Close>,
    pub(super) periodic: Vec<Periodic>,
}

impl Registry {
    /// An error from the handler means [`Outcome::Retry`].
    ///
    /// # Panics
    /// When two handlers claim one name, or a run may outlast its lease: a mistake of the programmer, found at start-up.
    pub fn handle<F, Fut>(&mut self, kind: &'static JobKind, run: F) -> &mut Self
    where
        F: Fn(JobContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Outcome>> + Send + 'static,
    {
        let (name, timeout) = (kind.name, kind.timeout);
        assert!(timeout <= LONGEST_RUN, "{name} may run for {timeout:?}; a lease has room for {LONGEST_RUN:?}");
        let entry = Entry { kind, run: Arc::new(move |context| Box::pin(run(context))), together: None };
        assert!(self.entries.insert(kind.name, entry).is_none(), "two handlers for job kind {}", kind.name);
        self
    }

    /// How several first attempts of `kind` run at once, where that saves transactions. `run` has settled those it answers, and
    /// done nothing for the rest: these, or all when it fails, run one by one.
    ///
    /// # Panics
    /// When the kind has no handler of its own, or too much time.
    pub fn together<F, Fut>(&mut self, kind: &'static JobKind, run: F) -> &mut Self
    where
        F: Fn(Vec<JobContext>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<HashSet<JobId>>> + Send + 'static,
    {
        let (name, longest) = (kind.name, LONGEST_RUN.saturating_sub(LONGEST_TOGETHER));
        assert!(kind.timeout <= longest, "{name} may run for {:?}; after others there is {longest:?}", kind.timeout);
        let entry = self.entries.get_mut(name);
        assert!(entry.is_some(), "{name} has no handler");
        if let Some(entry) = entry {
            entry.together = Some(Arc::new(move |contexts| Box::pin(run(contexts))));
        }
        self
    }

    /// What closes the row a job of this kind worked for, when it dies without its handler having done so.
    pub fn on_death(&mut self, kind: &'static JobKind, close: Close) -> &mut Self {
        self.deaths.insert(kind.name, close);
        self
    }

    pub(super) fn close_of(&self, name: &str) -> Option<Close> {
        self.deaths.get(name).copied()
    }

    /// Runs `kind` once per slot of `every`, on whichever process comes first.
    pub fn every(&mut self, every: std::time::Duration, kind: &'static JobKind) -> &mut Self {
        self.periodic.push(Periodic { kind, every });
        self
    }

    pub(super) fn find(&self, name: &str) -> Option<Entry> {
        self.entries.get(name).cloned()
    }

    /// May this one run with others of its kind?
    pub(super) fn is_together(&self, job: &Job) -> bool {
        job.attempt == 1 && self.entries.get(job.kind.as_str()).is_some_and(|entry| entry.together.is_some())
    }

    pub(super) fn is_aside(&self, name: &str) -> bool {
        self.entries.get(name).is_some_and(|entry| entry.kind.is_aside)
    }

    pub fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.entries.keys().copied().collect();
        names.sort_unstable();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "test.too_long may run for")]
    fn no_kind_may_outlast_its_lease() {
        static LONG: JobKind = JobKind::new("test.long").timeout(LONGEST_RUN);
        static TOO_LONG: JobKind =
            JobKind::new("test.too_long").timeout(LONGEST_RUN.saturating_add(std::time::Duration::from_secs(1)));
        let mut registry = Registry::default();
        registry.handle(&LONG, |_| async { Ok(Outcome::Done) });
        assert_eq!(registry.names(), ["test.long"]);
        registry.handle(&TOO_LONG, |_| async { Ok(Outcome::Done) });
    }
}
