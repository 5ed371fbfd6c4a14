//! What a handler is given.

use super::model::{Job, Outcome, lease_lost};
use super::store::{self, Settled, Settlement};
use crate::base::{Error, Result};
use crate::engine::Core;
use crate::engine::db::Actor;
use crate::engine::db::{Origin, PlatformScope, PlatformTx, Scope, TenantScope, TenantTx};

/// A claimed job and the engine it runs in.
#[derive(Clone)]
pub struct JobContext {
    pub job: Job,
    pub core: Core,
}

impl JobContext {
    pub fn payload<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        self.job.payload()
    }

    fn origin(&self) -> Origin {
        Origin { actor: Actor::System, request_id: self.job.cause.request_id.clone() }
    }

    /// The tenant of the job's row.
    pub fn scope(&self) -> TenantScope {
        TenantScope::mint(self.job.tenant, self.origin())
    }

    pub fn platform_scope(&self) -> PlatformScope {
        PlatformScope::mint(self.origin())
    }

    /// Writes the job's effect and its completion in one transaction: after a crash either both are there or neither.
    ///
    /// # Errors
    /// `job.lease_lost` when another worker took the job over meanwhile; nothing is written then.
    pub fn finish(
        &self,
        body: impl FnOnce(&mut TenantTx<'_>) -> Result<()> + Send + 'static,
    ) -> impl Future<Output = Result<Outcome>> {
        let job = self.job.clone();
        self.settle(self.scope(), move |tx| {
            store::complete(&mut tx.platform(), &job)?;
            body(tx)
        })
    }

    /// Writes the effect of a job that an operator must look at, and its death, in one transaction.
    ///
    /// # Errors
    /// As for [`Self::finish`].
    pub fn bury(
        &self,
        reason: Error,
        body: impl FnOnce(&mut TenantTx<'_>) -> Result<()> + Send + 'static,
    ) -> impl Future<Output = Result<Outcome>> {
        tracing::error!(error = %reason.chain(), "dead");
        let (job, reason) = (self.job.clone(), reason.chain());
        self.settle(self.scope(), move |tx| {
            store::bury(&mut tx.platform(), &job, reason)?;
            body(tx)
        })
    }

    /// Marks these runs done inside the transaction of their effects.
    ///
    /// # Errors
    /// `job.lease_lost` when one of them is not ours any more; nothing may be written then.
    pub fn complete_all(tx: &mut PlatformTx<'_>, runs: &[&Self]) -> Result<()> {
        let ends = runs.iter().map(|run| Settled { job: run.job.clone(), end: Settlement::done() });
        let ours = store::settle_all(tx, &ends.collect::<Vec<_>>())?;
        if ours.len() == runs.len() { Ok(()) } else { Err(lease_lost()) }
    }

    /// [`Self::finish`] for a job of the platform itself.
    pub fn finish_platform(
        &self,
        body: impl FnOnce(&mut PlatformTx<'_>) -> Result<()> + Send + 'static,
    ) -> impl Future<Output = Result<Outcome>> {
        let job = self.job.clone();
        self.settle(self.platform_scope(), move |tx| {
            store::complete(tx, &job)?;
            body(tx)
        })
    }

    fn settle<S: Scope>(
        &self,
        scope: S,
        body: impl FnOnce(&mut S::Tx<'_>) -> Result<()> + Send + 'static,
    ) -> impl Future<Output = Result<Outcome>> {
        settled(self.core.db.write(scope, body))
    }
}

async fn settled(write: impl Future<Output = Result<()>>) -> Result<Outcome> {
    write.await.map(|()| Outcome::Settled)
}
