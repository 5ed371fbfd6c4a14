//! The ids of this folder's rows.

crate::engine::ids! {
    MessageId, SenderId, TemplateId,
}
