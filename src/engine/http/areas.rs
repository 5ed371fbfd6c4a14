//! What paths have in common: whom their operations are for, and under which heading they are described.

/// What the paths under a prefix have in common. The longest prefix of a path is the one that counts.
pub struct Area {
    pub under: &'static str,
    pub tag: &'static str,
    pub callers: Callers,
}

/// Who calls what is under a prefix, where an operation does not say so itself.
pub enum Callers {
    /// A tenant's people and keys that have the permission to read or to write, and operators who name the tenant.
    Tenants {
        reads: Option<String>,
        writes: Option<String>,
    },
    Operators,
    /// Nobody with a credential of ours: what is sent proves itself.
    Providers,
}

/// The one that counts for a path.
pub(super) fn area_of<'a>(areas: &'a [Area], path: &str) -> Option<&'a Area> {
    areas.iter().filter(|area| path.starts_with(area.under)).max_by_key(|area| area.under.len())
}
