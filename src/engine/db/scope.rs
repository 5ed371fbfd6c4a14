//! Who is asking, on whose behalf: scopes are minted outside, transactions are bound to them inside.
//!
//! A [`TenantScope`] may be minted only by authentication, by a provider's verified call and by a worker from its job row
//! (a test in the suite reads the sources and holds that list). A store function that takes a [`TenantTx`] therefore
//! cannot see another tenant's rows.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use uuid::Uuid;

use super::conn::DbConn;
use super::horizon::{Horizon, UnderWay};
use super::kinds::Noted;
use crate::base::Result;
use crate::base::id::{ApiKeyId, OperatorId, TenantId, UserId};
use crate::base::time::Timestamp;
use crate::engine::events::Reactions;

/// Who caused a change. Written beside every event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    User(UserId),
    ApiKey(ApiKeyId),
    Operator(OperatorId),
    /// A provider's verified call.
    Provider,
    /// The engine itself: schedules and reactions.
    System,
    /// A caller without credentials, such as a person signing up.
    Anonymous,
}

impl Actor {
    pub fn kind(self) -> &'static str {
        match self {
            Actor::User(_) => "user",
            Actor::ApiKey(_) => "api_key",
            Actor::Operator(_) => "operator",
            Actor::Provider => "provider",
            Actor::System => "system",
            Actor::Anonymous => "anonymous",
        }
    }
    pub fn id(self) -> Option<Uuid> {
        match self {
            Actor::User(id) => Some(id.uuid()),
            Actor::ApiKey(id) => Some(id.uuid()),
            Actor::Operator(id) => Some(id.uuid()),
            Actor::Provider | Actor::System | Actor::Anonymous => None,
        }
    }
    pub fn user(self) -> Option<UserId> {
        match self {
            Actor::User(id) => Some(id),
            _ => None,
        }
    }
}

/// An actor and the request it speaks through.
#[derive(Debug, Clone)]
pub struct Origin {
    pub actor: Actor,
    pub request_id: Option<String>,
}

impl Origin {
    pub fn system() -> Self {
        Self { actor: Actor::System, request_id: None }
    }
}

/// The right to see one tenant.
#[derive(Debug, Clone)]
pub struct TenantScope {
    tenant: TenantId,
    origin: Origin,
}

impl TenantScope {
    /// Grants the right to see `tenant`. Call it only after the caller proved it (see the module).
    pub fn mint(tenant: TenantId, origin: Origin) -> Self {
        Self { tenant, origin }
    }
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
    pub fn actor(&self) -> Actor {
        self.origin.actor
    }
}

/// The right to see every tenant: routing, operators, the job engine.
#[derive(Debug, Clone)]
pub struct PlatformScope {
    origin: Origin,
}

impl PlatformScope {
    pub fn mint(origin: Origin) -> Self {
        Self { origin }
    }
    pub fn system() -> Self {
        Self::mint(Origin::system())
    }
}

/// What a transaction knows besides its rows.
pub(super) struct Context {
    pub now: Timestamp,
    pub origin: Origin,
    pub reactions: Arc<Reactions>,
    /// Set when a job that may run now was enqueued: the door wakes the workers after the commit.
    pub enqueued: Cell<bool>,
    /// Callers' notes to be acted on after the commit.
    pub after_commit: RefCell<Vec<Box<dyn FnOnce() + Send>>>,
    /// Whose remembered rows are void once this has ended; `None` is everybody.
    pub changed: RefCell<Vec<Option<TenantId>>>,
    pub under_way: UnderWay,
    /// What is counted otherwise when this is committed.
    pub counted: RefCell<Noted>,
}

/// A transaction that may see every tenant.
pub struct PlatformTx<'c> {
    pub(super) conn: &'c mut DbConn,
    pub(super) context: &'c Context,
}

impl<'c> PlatformTx<'c> {
    pub fn conn(&mut self) -> &mut DbConn {
        self.conn
    }
    /// The moment of this transaction: the same for every row it writes.
    pub fn now(&self) -> Timestamp {
        self.context.now
    }
    /// What the clock shows at this instant: later than [`now`](Self::now) where this transaction waited for another, whose
    /// rows may lie between the two.
    pub fn clock_now(&self) -> Timestamp {
        self.context.under_way.clock_now()
    }
    pub fn actor(&self) -> Actor {
        self.context.origin.actor
    }
    pub fn request_id(&self) -> Option<&str> {
        self.context.origin.request_id.as_deref()
    }
    pub fn reactions(&self) -> Arc<Reactions> {
        self.context.reactions.clone()
    }
    pub(crate) fn note_enqueued(&self) {
        self.context.enqueued.set(true);
    }
    /// Runs `action` once this transaction is committed, never when it is rolled back.
    pub fn after_commit(&self, action: impl FnOnce() + Send + 'static) {
        self.context.after_commit.borrow_mut().push(Box::new(action));
    }
    /// Until when everything that was written can be seen; ask before reading what it is to bound.
    pub fn horizon(&mut self) -> Result<Horizon> {
        self.context.under_way.horizon(self.conn)
    }
    /// Makes every process forget what it remembers of this tenant, or of everybody, when this transaction is committed.
    pub fn note_change(&mut self, tenant: Option<TenantId>) -> Result<()> {
        self.context.changed.borrow_mut().push(tenant);
        super::listen::tell(self.conn, tenant)
    }
    /// The same transaction, bound to one tenant.
    pub fn for_tenant(&mut self, tenant: TenantId) -> TenantTx<'_> {
        TenantTx { platform: PlatformTx { conn: self.conn, context: self.context }, tenant }
    }
}

/// A transaction bound to one tenant. It derefs to [`PlatformTx`] only for what has no rows: time, actor, hooks.
pub struct TenantTx<'c> {
    platform: PlatformTx<'c>,
    tenant: TenantId,
}

impl TenantTx<'_> {
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }
    pub fn conn(&mut self) -> &mut DbConn {
        self.platform.conn
    }
    pub fn now(&self) -> Timestamp {
        self.platform.now()
    }
    /// As [`PlatformTx::clock_now`].
    pub fn clock_now(&self) -> Timestamp {
        self.platform.clock_now()
    }
    pub fn actor(&self) -> Actor {
        self.platform.actor()
    }
    pub fn request_id(&self) -> Option<&str> {
        self.platform.request_id()
    }
    pub fn after_commit(&self, action: impl FnOnce() + Send + 'static) {
        self.platform.after_commit(action);
    }
    /// Makes every process forget what it remembers of this tenant, when this transaction is committed.
    pub fn note_change(&mut self) -> Result<()> {
        let tenant = self.tenant;
        self.platform.note_change(Some(tenant))
    }
    /// The same transaction without the tenant, for the few tables that route between tenants.
    /// Use it in a store function whose name says so.
    pub fn platform(&mut self) -> PlatformTx<'_> {
        PlatformTx { conn: self.platform.conn, context: self.platform.context }
    }
}

/// Binds a connection to a scope. Implemented by [`TenantScope`] and [`PlatformScope`].
pub trait Scope: Send + 'static {
    type Tx<'c>;
    #[doc(hidden)]
    fn origin(&self) -> Origin;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn bind<'c>(&self, conn: &'c mut DbConn, context: &'c Context) -> Self::Tx<'c>;
    /// The same transaction seen platform-wide, for the engine's own tables.
    fn platform<'a>(tx: &'a mut Self::Tx<'_>) -> PlatformTx<'a>;
    /// Whose idempotency keys these are.
    fn principal(&self) -> String;
}

impl Scope for TenantScope {
    type Tx<'c> = TenantTx<'c>;
    fn origin(&self) -> Origin {
        self.origin.clone()
    }
    #[allow(private_interfaces)]
    fn bind<'c>(&self, conn: &'c mut DbConn, context: &'c Context) -> TenantTx<'c> {
        TenantTx { platform: PlatformTx { conn, context }, tenant: self.tenant }
    }
    fn platform<'a>(tx: &'a mut TenantTx<'_>) -> PlatformTx<'a> {
        tx.platform()
    }
    fn principal(&self) -> String {
        format!("tenant {} {} {:?}", self.tenant, self.origin.actor.kind(), self.origin.actor.id())
    }
}

impl Scope for PlatformScope {
    type Tx<'c> = PlatformTx<'c>;
    fn origin(&self) -> Origin {
        self.origin.clone()
    }
    #[allow(private_interfaces)]
    fn bind<'c>(&self, conn: &'c mut DbConn, context: &'c Context) -> PlatformTx<'c> {
        PlatformTx { conn, context }
    }
    fn platform<'a>(tx: &'a mut PlatformTx<'_>) -> PlatformTx<'a> {
        PlatformTx { conn: tx.conn, context: tx.context }
    }
    fn principal(&self) -> String {
        format!("platform {} {:?}", self.origin.actor.kind(), self.origin.actor.id())
    }
}
