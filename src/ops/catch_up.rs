//! Everything that is brought to today's spelling (see [`crate::engine::catch_up`]), and what operators have to do about it:
//! two accounts of one address are never merged, so that a human asks the people behind them.

use serde_json::json;

use super::facts::TaskFact;
use super::model::{OperatorNotification, TaskKind};
use super::store::{self, NewTask};
use super::tell::tell;
use crate::base::{Result, email};
use crate::engine::catch_up::{Batch, CatchUp, Reading};
use crate::engine::db::PlatformTx;
use crate::engine::events::Fact as _;
use crate::notify::id::NotificationId;
use crate::tenants::store::{Shadowed, bring_users};
use crate::{ads, billing, contacts, inbox, leads, notify, outreach, sending, tenants};

/// In the order in which it is done: people first, who cannot log in until then, and who said STOP next.
pub fn all() -> Vec<CatchUp> {
    let version = format!("e-mail {}", email::SPELLING);
    let mut all = vec![CatchUp { name: "users", version, batch: users }];
    all.extend(contacts::catch_ups());
    all.extend(sending::catch_ups());
    all.extend(inbox::catch_ups());
    all.extend(notify::catch_ups());
    all.extend(tenants::catch_ups());
    all.extend(billing::catch_ups());
    all.extend(leads::catch_ups());
    all.extend(outreach::catch_ups());
    all.extend(ads::catch_ups());
    all
}

fn users(tx: &mut PlatformTx<'_>, reading: &Reading<'_>) -> Result<Batch> {
    let (batch, shadowed) = bring_users(tx, reading)?;
    for account in shadowed {
        report(tx, &account)?;
    }
    Ok(batch)
}

/// How long operators have to ask.
const ASK_WITHIN: chrono::Duration = chrono::Duration::hours(24);

/// A task for each tenant the account is in, once; the operators are told of it with the first.
fn report(tx: &mut PlatformTx<'_>, account: &Shadowed) -> Result<()> {
    let title = format!("{}: {}", TaskKind::Accounts.title(), account.email);
    let due_at = tx.now().plus(ASK_WITHIN);
    let dedupe_key = format!("accounts:{}", account.user);
    let new =
        NewTask { kind: TaskKind::Accounts, title: &title, dedupe_key: &dedupe_key, due_at, ad_campaign_id: None };
    for tenant in &account.tenants {
        let mut tx = tx.for_tenant(*tenant);
        let Some(task) = store::add_task(&mut tx, &new)? else { continue };
        let fact = TaskFact::made(TaskKind::Accounts, &title);
        let event = tx.record(fact.told_as(TaskFact::CREATED).about(task.uuid()))?;
        let note = OperatorNotification {
            id: NotificationId::new(),
            tenant_id: Some(*tenant),
            kind: TaskFact::CREATED.to_string(),
            title: title.clone(),
            body: format!(
                "{} is another spelling of the address of a second account, which logs in with it now. Account {} cannot log in \
                 any more. Ask its owner which of the two they use, and have the tenant invite that one.",
                account.email, account.user
            ),
            data: json!({ "user_id": account.user, "email": account.email, "task_id": task }),
            read_at: None,
            created_at: tx.now(),
        };
        tell(&mut tx.platform(), note, event)?;
    }
    Ok(())
}
