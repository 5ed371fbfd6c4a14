//! Permissions, roles and plan features.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::base::{Error, Result};

crate::text_enum! {
    /// What a caller may do. API keys carry these as scopes.
    pub enum Permission {
        TenantRead = "tenant:read",
        TenantWrite = "tenant:write",
        UsersRead = "users:read",
        UsersWrite = "users:write",
        ApiKeysWrite = "api_keys:write",
        ContactsRead = "contacts:read",
        ContactsWrite = "contacts:write",
        LeadsRead = "leads:read",
        LeadsWrite = "leads:write",
        ConversationsRead = "conversations:read",
        ConversationsWrite = "conversations:write",
        OutreachRead = "outreach:read",
        OutreachWrite = "outreach:write",
        AdCampaignsRead = "ad_campaigns:read",
        AdCampaignsWrite = "ad_campaigns:write",
        BillingRead = "billing:read",
        BillingWrite = "billing:write",
        EventsRead = "events:read",
        NotificationsRead = "notifications:read",
        NotificationsWrite = "notifications:write",
        WebhooksRead = "webhooks:read",
        WebhooksWrite = "webhooks:write",
    }
}

crate::text_enum! {
    /// A user's role in a tenant.
    pub enum Role {
        /// Everything, including billing and other owners.
        Owner = "owner",
        /// Everything but billing changes.
        Admin = "admin",
        /// Works with leads and conversations.
        Agent = "agent",
        /// Sees, changes nothing.
        Viewer = "viewer",
    }
}

impl Role {
    pub fn permissions(self) -> BTreeSet<Permission> {
        use Permission as P;
        let all = Permission::ALL.iter().copied();
        match self {
            Role::Owner => all.collect(),
            Role::Admin => all.filter(|p| *p != P::BillingWrite).collect(),
            Role::Agent => [
                P::TenantRead,
                P::UsersRead,
                P::ContactsRead,
                P::ContactsWrite,
                P::LeadsRead,
                P::LeadsWrite,
                P::ConversationsRead,
                P::ConversationsWrite,
                P::OutreachRead,
                P::AdCampaignsRead,
                P::BillingRead,
                P::EventsRead,
                P::NotificationsRead,
                P::NotificationsWrite,
            ]
            .into(),
            Role::Viewer => [
                P::TenantRead,
                P::UsersRead,
                P::ContactsRead,
                P::LeadsRead,
                P::ConversationsRead,
                P::OutreachRead,
                P::AdCampaignsRead,
                P::BillingRead,
                P::EventsRead,
                P::NotificationsRead,
                P::NotificationsWrite,
            ]
            .into(),
        }
    }
}

impl Role {
    /// Whether a member of this role may invite somebody as `other`.
    pub fn may_offer(self, other: Role) -> bool {
        let own = self.permissions();
        let is_high_enough = other != Role::Owner || self == Role::Owner;
        own.contains(&Permission::UsersWrite) && is_high_enough && other.permissions().is_subset(&own)
    }
}

crate::text_enum! {
    /// What a plan may include or leave out.
    pub enum Feature {
        ChatSupport = "chat_support",
        EmailIntegration = "email_integration",
        BasicAnalytics = "basic_analytics",
        WhatsappIntegration = "whatsapp_integration",
        ApiAccess = "api_access",
        CustomBranding = "custom_branding",
        DedicatedSupport = "dedicated_support",
        CustomIntegrations = "custom_integrations",
        Sla = "sla",
        AdvancedScoring = "advanced_scoring",
        PrioritySupport = "priority_support",
    }
}

/// The features of a tenant's current plan, kept beside the tenant by billing. Before the first plan there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entitlements(Option<Arc<BTreeSet<Feature>>>);

impl Entitlements {
    /// From the stored list of feature names; `None` when no plan was chosen yet.
    pub fn of(names: Option<Vec<String>>) -> Self {
        Self(names.map(|names| Arc::new(names.iter().filter_map(|name| name.parse().ok()).collect())))
    }
    pub fn includes(&self, feature: Feature) -> bool {
        self.0.as_ref().is_some_and(|features| features.contains(&feature))
    }
    /// A plan was chosen, be it over or not paid yet.
    pub fn has_plan(&self) -> bool {
        self.0.is_some()
    }
    /// Every feature that may be used now.
    pub fn features(&self) -> Vec<Feature> {
        Feature::ALL.iter().copied().filter(|feature| self.includes(*feature)).collect()
    }
    /// # Errors
    /// `feature_not_in_plan`.
    pub fn require(&self, feature: Feature) -> Result<()> {
        if self.includes(feature) {
            return Ok(());
        }
        let message = match self.has_plan() {
            true => format!("Your plan does not include {feature}. Upgrade to use it."),
            false => format!("Choose a plan that includes {feature} by POST /v1/subscriptions."),
        };
        Err(Error::forbidden("feature_not_in_plan", message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_nest() {
        let [owner, admin, agent, viewer] =
            [Role::Owner, Role::Admin, Role::Agent, Role::Viewer].map(Role::permissions);
        assert!(admin.is_subset(&owner) && agent.is_subset(&admin) && viewer.is_subset(&agent));
        assert!(!admin.contains(&Permission::BillingWrite));
        assert!(viewer.iter().all(|p| p.as_str().ends_with(":read") || *p == Permission::NotificationsWrite));
    }

    #[test]
    fn a_feature_comes_with_a_plan_that_includes_it() {
        let none = Entitlements::of(None);
        assert!(none.features().is_empty() && !none.has_plan());
        assert_eq!(none.require(Feature::EmailIntegration).unwrap_err().code(), "feature_not_in_plan");
        let plan = Entitlements::of(Some(vec!["whatsapp_integration".into()]));
        assert!(plan.require(Feature::WhatsappIntegration).is_ok());
        assert_eq!(plan.require(Feature::ApiAccess).unwrap_err().code(), "feature_not_in_plan");
    }
}
