//! The table of all settings: effective ones for `strongroom config`, documented ones for docs/configuration.md.
//! Never shows a secret.

use clap::Arg;

use super::all;
use super::layers::Origin;

/// A line for each setting: name, value, source. `computed` are those whose default depends on the machine.
pub(crate) fn effective(origin: &Origin, computed: &[(&str, String)]) -> String {
    let rows: Vec<_> = all().iter().map(|setting| row(origin, setting, computed)).collect();
    let width = |cell: fn(&[String; 3]) -> &String| rows.iter().map(|row| cell(row).len()).max().unwrap_or_default();
    let (name, value) = (width(|row| &row[0]), width(|row| &row[1]));
    let lines = rows.iter().map(|row| format!("{:name$}  {:value$}  {}", row[0], row[1], row[2]));
    lines.collect::<Vec<_>>().join("\n")
}

fn row(origin: &Origin, setting: &Arg, computed: &[(&str, String)]) -> [String; 3] {
    let name = setting.get_id().as_str();
    let (value, source) = origin.of(name);
    let default = || computed.iter().find(|(computed, _)| *computed == name).map(|(_, value)| value.clone());
    let shown = match value {
        Some(_) if setting.is_hide_env_values_set() => "(redacted)".into(),
        Some(value) => value,
        None => default().unwrap_or_else(|| "-".into()),
    };
    [name.into(), shown, source.into()]
}

/// The table of docs/configuration.md.
pub fn documentation() -> String {
    let rows = all().into_iter().map(|setting| {
        let name = setting.get_id();
        let defaults: Vec<_> = setting.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
        let default = if defaults.is_empty() { "".into() } else { format!("`{}`", defaults.join(",")) };
        let help = setting.get_help().map(ToString::to_string).unwrap_or_default();
        format!("| `{name}` | {default} | {help}{} |\n", possible(&setting))
    });
    let head = "| setting | default | what it is |\n| --- | --- | --- |\n".to_owned();
    head + &rows.collect::<String>()
}

/// The values that there are, where they are few.
fn possible(setting: &Arg) -> String {
    let values: Vec<_> = setting.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flag_and_variable_are_named_after_the_setting() {
        for setting in all() {
            let name = setting.get_id().as_str();
            assert_eq!(setting.get_long().unwrap(), name.replace('_', "-"));
            assert_eq!(setting.get_env().unwrap(), format!("STRONGROOM_{}", name.to_uppercase()).as_str());
            assert!(setting.get_help().is_some(), "{name}");
        }
    }

    #[test]
    fn a_secret_is_redacted_and_can_be_kept_in_a_file() {
        let settings = all();
        let secrets: Vec<_> = settings.iter().filter(|setting| setting.is_hide_env_values_set()).collect();
        assert!(secrets.len() >= 3);
        for secret in secrets {
            let file = format!("{}_file", secret.get_id());
            assert!(settings.iter().any(|setting| setting.get_id() == file.as_str()), "{file}");
        }
    }
}
