//! What stands under which path, and who reads it: said by each folder in one place, beside its routes.
//!
//! From it follow, in the document, the tag of an operation, its callers and the permission it needs; what a caller that may write
//! and not read is answered; and who reads events about what stands there ([`super::readable`]). A path or a noun that no area
//! speaks of is for those who may read everything.

use std::sync::OnceLock;

use super::permission::Permission;

/// The paths under a prefix.
#[derive(Debug, Clone)]
pub struct Area {
    pub under: &'static str,
    pub tag: &'static str,
    pub callers: Callers,
    /// What an answer keeps besides its `id` for whoever may write and not read: what was made for this caller.
    pub keeps: &'static [&'static str],
    /// What events are about that are read by whoever reads here.
    pub nouns: &'static [&'static str],
}

/// Who calls what is under a prefix, where an operation does not say so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callers {
    /// A tenant's people and keys with the permission to read or to write, and operators who name the tenant.
    Tenants {
        reads: Permission,
        writes: Permission,
    },
    /// Without a permission: what the caller gave is all that is answered, or the handler looks itself.
    Anybody,
    Operators,
    /// Nobody with a credential of ours: what is sent proves itself.
    Providers,
}

impl Area {
    /// Whether a path is this prefix or below it.
    pub fn covers(&self, path: &str) -> bool {
        path.strip_prefix(self.under).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// See [`Self::keeps`](field@Self::keeps).
    pub fn keeping(&mut self, names: &'static [&'static str]) -> &mut Self {
        self.keeps = names;
        self
    }

    /// Who reads here reads events about these nouns.
    pub fn events(&mut self, nouns: &'static [&'static str]) -> &mut Self {
        self.nouns = nouns;
        self
    }
}

/// The areas of a program, while they are assembled.
#[derive(Debug, Default)]
pub struct Areas {
    all: Vec<Area>,
    tags: Vec<(&'static str, &'static str)>,
}

impl Areas {
    /// A tag of the document, under which operations are listed; in this order.
    pub fn tag(&mut self, name: &'static str, about: &'static str) -> &mut Self {
        self.tags.push((name, about));
        self
    }

    /// What a tenant's people and keys call with one permission to read and another to write.
    pub fn of_tenants(&mut self, under: &'static str, reads: Permission, writes: Permission) -> &mut Area {
        self.add(under, Callers::Tenants { reads, writes })
    }

    pub fn of_anybody(&mut self, under: &'static str) -> &mut Area {
        self.add(under, Callers::Anybody)
    }

    pub fn of_operators(&mut self, under: &'static str) -> &mut Area {
        self.add(under, Callers::Operators)
    }

    pub fn of_providers(&mut self, under: &'static str) -> &mut Area {
        self.add(under, Callers::Providers)
    }

    /// Under the tag that was named last.
    ///
    /// # Panics
    /// When none was, or the prefix is somebody's already.
    fn add(&mut self, under: &'static str, callers: Callers) -> &mut Area {
        assert!(self.all.iter().all(|area| area.under != under), "{under} is declared twice");
        let (tag, _) = self.tags.last().expect("an area stands under a tag");
        self.all.push(Area { under, tag, callers, keeps: &[], nouns: &[] });
        self.all.last_mut().expect("the one just added")
    }

    pub fn all(&self) -> &[Area] {
        &self.all
    }

    /// Names and descriptions.
    pub fn tags(&self) -> &[(&'static str, &'static str)] {
        &self.tags
    }

    /// Makes them known. What is known already stays as it is, so that it may be repeated.
    pub fn publish(self) {
        let _ = KNOWN.set(self.all);
    }
}

/// They are of the program and not of a configuration, hence once for the whole process.
static KNOWN: OnceLock<Vec<Area>> = OnceLock::new();

pub(super) fn known() -> &'static [Area] {
    KNOWN.get().map(Vec::as_slice).unwrap_or_default()
}

/// The one a path stands in: that with the longest prefix.
pub(super) fn of_path<'a>(areas: &'a [Area], path: &str) -> Option<&'a Area> {
    areas.iter().filter(|area| area.covers(path)).max_by_key(|area| area.under.len())
}
