//! The row of a caller's tenant, for what every page of a list may need of it.

use std::sync::{Arc, OnceLock};

use crate::base::Result;
use crate::tenants::model::Tenant;

/// The caller's tenant, read when it is first asked for and kept as long as the credential is remembered: what voids that, a
/// change of the tenant among it, voids this.
#[derive(Debug, Clone, Default)]
pub struct KnownTenant(Arc<OnceLock<Arc<Tenant>>>);

impl KnownTenant {
    /// # Errors
    /// Those of `read`.
    pub fn or_read(&self, read: impl FnOnce() -> Result<Tenant>) -> Result<Arc<Tenant>> {
        if let Some(known) = self.0.get() {
            return Ok(known.clone());
        }
        let tenant = Arc::new(read()?);
        Ok(self.0.get_or_init(|| tenant).clone())
    }
}
