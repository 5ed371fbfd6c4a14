//! Where settings come from: a file, the environment over it, a command's options over both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::settings::{PREFIX, is_known};

/// Settings by name, before they are typed.
#[derive(Debug, Default)]
pub struct Source {
    values: BTreeMap<String, String>,
    unknown: Vec<String>,
}

impl Source {
    /// Reads `$LEADWRIGHT_CONFIG` or `leadwright.toml` when present, then the environment.
    ///
    /// # Errors
    /// The file cannot be read, or has a setting nobody knows.
    #[allow(clippy::disallowed_methods)] // the one place that reads the environment
    pub fn load() -> Result<Self, ConfigError> {
        let mut source = Self::default();
        let named = std::env::var("LEADWRIGHT_CONFIG").ok().map(PathBuf::from);
        let path = named.clone().unwrap_or_else(|| PathBuf::from("leadwright.toml"));
        if named.is_some() || path.exists() {
            source.read_file(&path)?;
        }
        source.read_environment(std::env::vars());
        if !source.has("OTLP_ENDPOINT")
            && let Ok(standard) = std::env::var("OTEL_EXPORTER_OTLP_ENDPOINT")
        {
            source.values.insert("OTLP_ENDPOINT".into(), standard);
        }
        Ok(source)
    }

    /// Settings that do not exist are told, not refused: the environment is not ours alone.
    fn read_environment(&mut self, variables: impl Iterator<Item = (String, String)>) {
        for (variable, value) in variables {
            match variable.strip_prefix(PREFIX) {
                Some(name) if is_known(name) => drop(self.values.insert(name.into(), value)),
                Some("CONFIG") | None => {}
                Some(_) => self.unknown.push(variable),
            }
        }
        self.unknown.sort_unstable();
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
        self.values.extend(flat);
        Ok(())
    }

    /// Overrides one setting, for a command's option.
    pub fn set(&mut self, name: &str, value: impl Into<String>) -> &mut Self {
        self.values.insert(name.into(), value.into());
        self
    }

    pub fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// A setting as it was written; an empty one counts as not set.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }
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

    #[test]
    fn a_variable_that_is_no_setting_is_told() {
        let mut source = Source::default();
        let variables = [
            ("LEADWRIGHT_TRUSTPROXY", "true"),
            ("LEADWRIGHT_BIND", "0.0.0.0:80"),
            ("LEADWRIGHT_CONFIG", "/etc/leadwright.toml"),
            ("LEADWRIGHT_bind", "0.0.0.0:81"),
            ("PATH", "/bin"),
        ];
        source.read_environment(variables.map(|(name, value)| (name.into(), value.into())).into_iter());
        assert_eq!(source.unknown(), ["LEADWRIGHT_TRUSTPROXY", "LEADWRIGHT_bind"]);
        assert_eq!(source.get("BIND"), Some("0.0.0.0:80"));
    }
}
