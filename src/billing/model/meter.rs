//! What is metered, and what a unit of it is paid with.

crate::text_enum! {
    /// What a plan counts. Every period and every entry of the ledger belongs to one.
    pub enum Meter { Leads = "leads" }
}

crate::text_enum! {
    /// How a lead is paid for.
    pub enum MeterKind {
        /// Out of the period's base quota; nothing is due.
        Quota = "quota",
        /// Out of last period's unused units.
        Rollover = "rollover",
        /// Out of credits an operator granted.
        Credit = "credit",
        /// Beyond what is included; due at the plan's overage price.
        Overage = "overage",
        /// Pay-per-lead: due by score.
        PerLead = "per_lead",
        /// The same person within the dedupe window: not metered again.
        Repeat = "repeat",
        /// Held back: beyond what is included and not to be billed, or there is no plan at all.
        Blocked = "blocked",
        /// Nobody can write to the person or call: shown, and not metered until somebody repairs an address.
        Unreachable = "unreachable",
    }
}

crate::text_enum! {
    /// An entry of the usage ledger.
    pub enum EntryKind {
        Quota = "quota",
        Rollover = "rollover",
        Credit = "credit",
        Overage = "overage",
        PerLead = "per_lead",
        /// Held back; a later entry with quantity −1 says that it was released.
        Blocked = "blocked",
        /// Credits an operator granted.
        Grant = "grant",
    }
}

impl EntryKind {
    /// How metering decisions are written; a repeat leaves no entry.
    pub fn of(kind: MeterKind) -> Option<Self> {
        Some(match kind {
            MeterKind::Quota => Self::Quota,
            MeterKind::Rollover => Self::Rollover,
            MeterKind::Credit => Self::Credit,
            MeterKind::Overage => Self::Overage,
            MeterKind::PerLead => Self::PerLead,
            MeterKind::Blocked => Self::Blocked,
            MeterKind::Repeat | MeterKind::Unreachable => return None,
        })
    }
}
