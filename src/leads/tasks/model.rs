//! How a task stands, and how much it matters.

crate::text_enum! {
    /// How a task stands.
    pub enum TodoStatus { Open = "open", Done = "done", Cancelled = "cancelled" }
}

crate::text_enum! {
    /// How much a task matters.
    pub enum TaskPriority { Low = "low", Normal = "normal", High = "high", Urgent = "urgent" }
}

#[allow(clippy::derivable_impls)] // the enum is declared by a macro
impl Default for TaskPriority {
    fn default() -> Self {
        Self::Normal
    }
}
