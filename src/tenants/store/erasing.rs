//! Taking away the people of a tenant that is erased, and whoever of them belongs to no other.

use diesel::prelude::*;

use crate::base::Result;
use crate::base::id::UserId;
use crate::engine::db::{PlatformTx, TenantTx};
use crate::tenants::schema::{
    email_changes, email_verifications, log_in_challenges, memberships, passkeys, password_resets, recovery_codes,
    second_factor_rejections, second_factors, users,
};

/// The table whose rows are taken away by [`remove_memberships`], for the people behind them.
pub(crate) const MEMBERSHIPS: &str = "memberships";

/// Takes away at most `limit` memberships of a tenant that is erased, and the users who belong to no tenant any more. Answers how many.
pub(crate) fn remove_memberships(tx: &mut TenantTx<'_>, limit: usize) -> Result<usize> {
    let own = memberships::table.filter(memberships::tenant_id.eq(tx.tenant()));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let left: Vec<UserId> = own.select(memberships::user_id).limit(limit).load(tx.conn())?;
    diesel::delete(own.filter(memberships::user_id.eq_any(&left))).execute(tx.conn())?;
    for user in &left {
        let others = memberships::table.filter(memberships::user_id.eq(user));
        if others.count().get_result::<i64>(tx.conn())? == 0 {
            erase_user(&mut tx.platform(), *user)?;
        }
    }
    Ok(left.len())
}

/// Everything about a user. What refers to users and is not named here refuses.
fn erase_user(tx: &mut PlatformTx<'_>, id: UserId) -> Result<()> {
    let email: String = users::table.find(id).select(users::email).first(tx.conn())?;
    macro_rules! forget {
        ($($table:ident by $column:ident = $value:expr),+ $(,)?) => {
            $(diesel::delete($table::table.filter($table::$column.eq($value))).execute(tx.conn())?;)+
        };
    }
    forget!(
        email_verifications by user_id = id,
        email_changes by user_id = id,
        password_resets by email = &email,
        log_in_challenges by user_id = id,
        recovery_codes by user_id = id,
        second_factors by user_id = id,
        second_factor_rejections by user_id = id,
        passkeys by user_id = id,
        users by id = id,
    );
    Ok(())
}
