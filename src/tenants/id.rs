//! The ids of this folder's rows.

crate::engine::ids! {
    SessionId, InvitationId, VerificationId, PasswordResetId, EmailChangeId, ChallengeId, PasskeyId, RejectionId,
}
