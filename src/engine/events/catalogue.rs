//! The catalogue of event types. A type is `noun.past_participle`; its noun is the subject.

crate::text_enum! {
    /// Everything that can have happened.
    pub enum EventType {
        TenantCreated = "tenant.created",
        TenantUpdated = "tenant.updated",
        TenantOnboarded = "tenant.onboarded",
        TenantVerified = "tenant.verified",
        TenantRecipientAsked = "tenant.recipient_asked",
        TenantRecipientConfirmed = "tenant.recipient_confirmed",
        UserInvited = "user.invited",
        UserInvitationRevoked = "user.invitation_revoked",
        UserJoined = "user.joined",
        UserUpdated = "user.updated",
        UserRemoved = "user.removed",
        UserHandedOver = "user.handed_over",
        UserVerificationRequested = "user.verification_requested",
        UserVerified = "user.verified",
        UserLoginFailed = "user.login_failed",
        UserPasswordChanged = "user.password_changed",
        SessionStarted = "session.started",
        SessionEnded = "session.ended",
        SessionReuseDetected = "session.reuse_detected",
        ApiKeyCreated = "api_key.created",
        ApiKeyUpdated = "api_key.updated",
        ApiKeyRotated = "api_key.rotated",
        ApiKeyRevoked = "api_key.revoked",
        OperatorCreated = "operator.created",
        OperatorKeyCreated = "operator.key_created",
        OperatorKeyRevoked = "operator.key_revoked",
        SubscriptionTrialStarted = "subscription.trial_started",
        SubscriptionActivated = "subscription.activated",
        SubscriptionRenewed = "subscription.renewed",
        SubscriptionPaid = "subscription.paid",
        SubscriptionPastDue = "subscription.past_due",
        SubscriptionPaused = "subscription.paused",
        SubscriptionUpdated = "subscription.updated",
        SubscriptionExpired = "subscription.expired",
        SubscriptionCanceled = "subscription.canceled",
        QuotaReached = "quota.reached",
        OverageRecorded = "overage.recorded",
        LeadCreated = "lead.created",
        LeadEnquired = "lead.enquired",
        LeadUpdated = "lead.updated",
        LeadStatusChanged = "lead.status_changed",
        LeadAssigned = "lead.assigned",
        LeadScored = "lead.scored",
        LeadUnlocked = "lead.unlocked",
        LeadNoteAdded = "lead.note_added",
        LeadTestReceived = "lead.test_received",
        ConversationOpened = "conversation.opened",
        ConversationUpdated = "conversation.updated",
        ConversationClosed = "conversation.closed",
        ConversationReopened = "conversation.reopened",
        MessageQueued = "message.queued",
        MessageSent = "message.sent",
        MessageDelivered = "message.delivered",
        /// A read receipt.
        MessageRead = "message.read",
        /// An e-mail's pixel was loaded: as likely by a mail program as by a person.
        MessageOpened = "message.opened",
        MessageClicked = "message.clicked",
        MessageFailed = "message.failed",
        MessageReceived = "message.received",
        SuppressionCreated = "suppression.created",
        SuppressionLifted = "suppression.lifted",
        AdCampaignCreated = "ad_campaign.created",
        AdCampaignUpdated = "ad_campaign.updated",
        AdCampaignSubmitted = "ad_campaign.submitted",
        AdCampaignApproved = "ad_campaign.approved",
        AdCampaignRejected = "ad_campaign.rejected",
        AdCampaignActivated = "ad_campaign.activated",
        AdCampaignPaused = "ad_campaign.paused",
        AdCampaignResumed = "ad_campaign.resumed",
        AdCampaignCompleted = "ad_campaign.completed",
        AdCampaignKeyRotated = "ad_campaign.key_rotated",
        AdCampaignDeliveryChanged = "ad_campaign.delivery_changed",
        AdCampaignDeliveryFailed = "ad_campaign.delivery_failed",
        OpsTaskCreated = "ops_task.created",
        OpsTaskUpdated = "ops_task.updated",
        WebhookEventFailed = "webhook_event.failed",
        WebhookEventReplayed = "webhook_event.replayed",
        WebhookEventHeld = "webhook_event.held",
        WebhookEventAssigned = "webhook_event.assigned",
        JobRetried = "job.retried",
        WebhookPing = "webhook.ping",
        WebhookEndpointCreated = "webhook_endpoint.created",
        WebhookEndpointUpdated = "webhook_endpoint.updated",
        WebhookEndpointDeleted = "webhook_endpoint.deleted",
        WebhookEndpointSecretRotated = "webhook_endpoint.secret_rotated",
        WebhookEndpointDisabled = "webhook_endpoint.disabled",
        WebhookEndpointReplayed = "webhook_endpoint.replayed",
        WebhookDeliveryRetried = "webhook_delivery.retried",
    }
}

impl EventType {
    /// Facts about the platform's own machinery: no tenant has them in its trail.
    pub fn is_of_platform(self) -> bool {
        matches!(self.subject(), SubjectType::Operator | SubjectType::WebhookEvent | SubjectType::Job)
    }

    /// What the event is about.
    pub fn subject(self) -> SubjectType {
        let noun = self.as_str().split('.').next().unwrap_or_default();
        match noun {
            "quota" | "overage" => SubjectType::Subscription,
            "webhook" => SubjectType::WebhookEndpoint,
            other => other.parse().unwrap_or(SubjectType::Tenant),
        }
    }
}

crate::text_enum! {
    /// What an event can be about.
    pub enum SubjectType {
        Tenant = "tenant",
        User = "user",
        Session = "session",
        ApiKey = "api_key",
        Operator = "operator",
        Subscription = "subscription",
        Lead = "lead",
        Conversation = "conversation",
        Message = "message",
        Suppression = "suppression",
        AdCampaign = "ad_campaign",
        OpsTask = "ops_task",
        WebhookEvent = "webhook_event",
        Job = "job",
        WebhookEndpoint = "webhook_endpoint",
        WebhookDelivery = "webhook_delivery",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_names_its_subject() {
        for kind in EventType::ALL {
            let noun = kind.as_str().split('.').next().unwrap();
            let known = noun.parse::<SubjectType>().is_ok() || matches!(noun, "quota" | "overage" | "webhook");
            assert!(known, "{kind} is about {noun}, which is no subject type");
        }
    }
}
