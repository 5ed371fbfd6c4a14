//! A trial that should not have begun: it ends as soon as it shows.
//!
//! What a tenant says of itself after its trial began may show that the business had one before. Then the subscription stands
//! where it would have stood had that been known at its start: `incomplete`, with the basics, until operators activate it. What
//! was shown in the meantime stays shown; what comes from now on is held back.

use crate::base::Result;
use crate::base::crypto::MasterKey;
use crate::billing::books::Books;
use crate::billing::facts::SubscriptionFact;
use crate::billing::features::entitle_to_basics;
use crate::billing::model::SubscriptionStatus as Status;
use crate::billing::plans::plan_of;
use crate::billing::trials;

/// Looks at the signs of a trial that goes on. Repeating it changes nothing.
pub fn review(books: &mut Books<'_, '_>, key: &MasterKey) -> Result<()> {
    let trying = books.current().filter(|subscription| subscription.status == Status::Trialing).cloned();
    let Some(mut subscription) = trying else { return Ok(()) };
    let Some(sign) = trials::look_again(books, key)? else { return Ok(()) };
    let now = books.now();
    subscription.status = Status::Incomplete;
    subscription.trial_ends_at = Some(now);
    subscription.current_period_start = now;
    subscription.current_period_end = now;
    books.restart(&subscription, Some(0))?;
    books.save(&mut subscription)?;
    let plan = plan_of(books.tx(), &subscription)?;
    entitle_to_basics(books.tx(), &plan)?;
    let more =
        SubscriptionFact { trial_ended_at: Some(now), trial_refused: Some(sign.into()), ..SubscriptionFact::default() };
    books.record(SubscriptionFact::EXPIRED, &subscription, more)
}
