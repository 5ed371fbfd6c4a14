//! A house with tenants in it, for the tests of every folder above this one.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::email::Email;
use crate::base::id::{TenantId, UserId};
use crate::base::money::Currency;
use crate::base::time::Clock;
use crate::engine::db::testing::OnDatabase;
use crate::engine::db::{Db, Origin, PlatformScope, PlatformTx, TenantScope, TenantTx};
use crate::tenants::access::Role;
use crate::tenants::schema::{tenants, users};
use crate::tenants::store::{self, NewTenant, people, verifications};

/// A database, its clock and the two doors; whoever refuses something fails the test.
pub struct House {
    pub db: Db,
    pub clock: Clock,
}

impl OnDatabase for House {
    async fn on(db: Db) -> Self {
        Self { clock: db.clock().clone(), db }
    }
}

impl House {
    pub async fn platform<T: Send + 'static>(
        &self,
        body: impl FnOnce(&mut PlatformTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.db.write(PlatformScope::system(), body).await.unwrap()
    }

    pub async fn within<T: Send + 'static>(
        &self,
        tenant: TenantId,
        body: impl FnOnce(&mut TenantTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.db.write(scope(tenant), body).await.unwrap()
    }

    pub async fn tenant(&self, name: &'static str) -> TenantId {
        self.platform(move |tx| open(tx, name)).await
    }
}

/// The system's right to see a tenant.
pub fn scope(tenant: TenantId) -> TenantScope {
    TenantScope::mint(tenant, Origin::system())
}

/// A tenant in Mumbai, verified.
pub fn open(tx: &mut PlatformTx<'_>, name: &str) -> Result<TenantId> {
    let time_zone = chrono_tz::Asia::Kolkata;
    let new = NewTenant { name: name.into(), time_zone, country: "IN".into(), currency: Currency::INR };
    let id = store::create(tx, new)?.id;
    verifications::mark_tenant(tx, id)?;
    Ok(id)
}

/// The tenant does business elsewhere from now on.
pub fn move_to(tx: &mut TenantTx<'_>, country: &str, currency: Currency) -> Result<()> {
    let row = diesel::update(tenants::table.find(tx.tenant()));
    row.set((tenants::country.eq(country.to_string()), tenants::currency.eq(currency))).execute(tx.conn())?;
    Ok(())
}

/// A user of the tenant who cannot log in; the address is verified.
pub fn join(tx: &mut TenantTx<'_>, email: &str, role: Role) -> Result<UserId> {
    let email: Email = email.parse().unwrap();
    let user = people::create_user(&mut tx.platform(), &email, None, "-")?.expect("an address nobody has");
    let now = tx.now();
    diesel::update(users::table.find(user.id)).set(users::email_verified_at.eq(now)).execute(tx.conn())?;
    people::join(tx, user.id, role)?;
    Ok(user.id)
}
