//! Rows of `trial_signs`, which belong to the platform: they outlive the tenant that took the trial.

use diesel::prelude::*;

use crate::base::Result;
use crate::engine::db::TenantTx;
use crate::engine::db::insert::OrIgnore;
use crate::engine::db::schema::trial_signs as signs;

/// Did anybody with this sign have a trial?
pub fn had_trial_by(tx: &mut TenantTx<'_>, kind: &str, digest: &str) -> Result<bool> {
    let found = signs::table.find((kind, digest)).select(signs::digest).first::<String>(tx.conn());
    Ok(found.optional()?.is_some())
}

pub fn note_trial(tx: &mut TenantTx<'_>, kind: &str, digest: &str) -> Result<()> {
    let values = (signs::kind.eq(kind), signs::digest.eq(digest), signs::created_at.eq(tx.now()));
    OrIgnore(diesel::insert_into(signs::table).values(values)).execute(tx.conn())?;
    Ok(())
}
