//! Where settings come from: a file, the environment over it, a command's options over both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::settings::{IN_FILE, PREFIX, find};

/// Where a setting was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Environment,
    /// The file of settings.
    File(PathBuf),
    /// A file that holds this one alone.
    OwnFile(PathBuf),
    /// A command's option, or a test.
    Set,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Environment => f.write_str("environment"),
            Self::File(path) | Self::OwnFile(path) => write!(f, "{}", path.display()),
            Self::Set => f.write_str("command"),
        }
    }
}

/// Settings by name, before they are typed.
#[derive(Debug, Default)]
pub struct Source {
    values: BTreeMap<String, (String, Origin)>,
    unknown: Vec<String>,
}

impl Source {
    /// Reads `$LEADWRIGHT_CONFIG` or `leadwright.toml` when present, then the environment.
    ///
    /// # Errors
    /// A file cannot be read, has a setting nobody knows, or says what another one says too.
    #[allow(clippy::disallowed_methods)] // the one place that reads the environment
    pub fn load() -> Result<Self, ConfigError> {
        let mut source = Self::default();
        let named = std::env::var("LEADWRIGHT_CONFIG").ok().map(PathBuf::from);
        let path = named.clone().unwrap_or_else(|| PathBuf::from("leadwright.toml"));
        if named.is_some() || path.exists() {
            source.read_file(&path)?;
        }
        source.read_environment(std::env::vars())?;
        if !source.has("OTLP_ENDPOINT")
            && let Ok(standard) = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT")
        {
            source.values.insert("OTLP_ENDPOINT".into(), (standard, Origin::Environment));
        }
        Ok(source)
    }

    /// Settings that do not exist are told, not refused: the environment is not ours alone.
    fn read_environment(&mut self, variables: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        let mut said = Vec::new();
        for (variable, value) in variables {
            match variable.strip_prefix(PREFIX) {
                Some(name) if is_known(name) => said.push((name.to_string(), value)),
                Some("CONFIG") | None => {}
                Some(_) => self.unknown.push(variable),
            }
        }
        self.unknown.sort_unstable();
        self.take(said, &Origin::Environment, |name| format!("{PREFIX}{name}"))
    }

    /// Notes what one place says, and reads the files it names.
    fn take(
        &mut self,
        said: Vec<(String, String)>,
        origin: &Origin,
        called: impl Fn(&str) -> String,
    ) -> Result<(), ConfigError> {
        let mut wrong = Vec::new();
        let mut values: BTreeMap<String, (String, Origin)> = BTreeMap::new();
        for (name, value) in said {
            let (name, found) = match in_file(&name) {
                None => (name, (value, origin.clone())),
                Some(_) if value.trim().is_empty() => continue,
                Some(held) => match std::fs::read_to_string(value.trim()) {
                    Ok(text) => (held.to_string(), (text.trim().to_string(), Origin::OwnFile(value.trim().into()))),
                    Err(error) => {
                        wrong.push(format!("{}: {}: {error}", called(&name), value.trim()));
                        continue;
                    }
                },
            };
            // What is empty says nothing, whichever of the two it is.
            if found.0.trim().is_empty() && values.contains_key(&name) {
                continue;
            }
            if values.insert(name.clone(), found).is_some_and(|(other, _)| !other.trim().is_empty()) {
                wrong.push(format!("{}: said twice, once by {}", called(&name), called(&format!("{name}{IN_FILE}"))));
            }
        }
        self.values.extend(values);
        if wrong.is_empty() { Ok(()) } else { Err(ConfigError(wrong)) }
    }

    /// Variables of the environment that are named like settings and are none.
    pub fn unknown(&self) -> &[String] {
        &self.unknown
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let refuse = |why: String| ConfigError(vec![format!("{}: {why}", path.display())]);
        let text = std::fs::read_to_string(path).map_err(|error| refuse(error.to_string()))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| refuse(error.message().into()))?;
        let mut flat = Vec::new();
        flatten("", &table, &mut flat);
        let unknown: Vec<String> = flat
            .iter()
            .filter(|(name, _)| !is_known(name))
            .map(|(name, _)| format!("{}: there is no setting {}", path.display(), name.to_lowercase()))
            .collect();
        if !unknown.is_empty() {
            return Err(ConfigError(unknown));
        }
        self.take(flat, &Origin::File(path.into()), |name| format!("{}: {}", path.display(), name.to_lowercase()))
    }

    /// Overrides one setting, for a command's option.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.values.insert(name.into(), (value.into(), Origin::Set));
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A setting as it was written; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|(value, _)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Where a setting that was written was said.
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.get(name).and_then(|_| self.values.get(name)).map(|(_, origin)| origin)
    }
}

/// A setting, or a secret's file.
fn is_known(name: &str) -> bool {
    find(name).is_some() || in_file(name).is_some()
}

/// The secret that stands in the file which this setting names.
fn in_file(name: &str) -> Option<&str> {
    let held = name.strip_suffix(IN_FILE)?;
    find(held).filter(|setting| setting.may_be_in_file()).map(|_| held)
}

fn flatten(prefix: &str, table: &toml::Table, flat: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let name = if prefix.is_empty() { key.to_uppercase() } else { format!("{prefix}_{}", key.to_uppercase()) };
        match value {
            toml::Value::Table(inner) => flatten(&name, inner, flat),
            toml::Value::Array(items) => {
                let items: Vec<String> = items.iter().map(scalar).collect();
                flat.push((name, items.join(",")));
            }
            other => flat.push((name, scalar(other))),
        }
    }
}

fn scalar(value: &toml::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Result<Source, ConfigError> {
        let mut source = Source::default();
        source.read_environment(pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())))?;
        Ok(source)
    }

    #[test]
    fn a_variable_that_is_no_setting_is_told() {
        let source = environment(&[
            ("LEADWRIGHT_TRUSTPROXY", "true"),
            ("LEADWRIGHT_BIND", "0.0.0.0:80"),
            ("LEADWRIGHT_CONFIG", "/etc/leadwright.toml"),
            ("LEADWRIGHT_bind", "0.0.0.0:81"),
            ("LEADWRIGHT_BIND_FILE", "/nowhere"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(source.unknown(), ["LEADWRIGHT_BIND_FILE", "LEADWRIGHT_TRUSTPROXY", "LEADWRIGHT_bind"]);
        assert_eq!(source.get("BIND"), Some("0.0.0.0:80"));
        assert_eq!(source.origin("BIND"), Some(&Origin::Environment));
    }

    #[test]
    fn a_secret_may_stand_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("smtp");
        std::fs::write(&path, "smtp://user:hush@host:587\n").unwrap();
        let named = path.display().to_string();
        let source = environment(&[("LEADWRIGHT_SMTP_URL_FILE", &named), ("LEADWRIGHT_SMTP_URL", "")]).unwrap();
        assert_eq!(source.get("SMTP_URL"), Some("smtp://user:hush@host:587"));
        assert_eq!(source.origin("SMTP_URL"), Some(&Origin::OwnFile(path.clone())));
        let settings = folder.path().join("leadwright.toml");
        std::fs::write(&settings, format!("[smtp]\nurl_file = {named:?}\n")).unwrap();
        let mut source = Source::default();
        source.read_file(&settings).unwrap();
        assert_eq!(source.get("SMTP_URL"), Some("smtp://user:hush@host:587"));

        let twice = [("LEADWRIGHT_SMTP_URL_FILE", named.as_str()), ("LEADWRIGHT_SMTP_URL", "smtp://other")];
        let ConfigError(lines) = environment(&twice).unwrap_err();
        assert!(lines[0].contains("LEADWRIGHT_SMTP_URL: said twice") && !lines[0].contains("hush"), "{lines:?}");
        let ConfigError(lines) = environment(&[("LEADWRIGHT_MASTER_KEY_FILE", "/nowhere/at/all")]).unwrap_err();
        assert!(lines[0].starts_with("LEADWRIGHT_MASTER_KEY_FILE: /nowhere/at/all: "), "{lines:?}");
    }
}
