//! Flag before environment before file before default. clap knows all but the file, whose values are put in the place
//! of the defaults, after the same parsers have found them right.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, Parser};

use super::all;
use crate::command::Failure;

/// The flag that names the file. A command that has it reads settings.
pub(super) const FILE: &str = "config";

/// Where the settings of this run come from.
pub struct Origin {
    matches: ArgMatches,
    file: SettingsFile,
}

/// The values of a file, by the names of their settings.
#[derive(Default)]
struct SettingsFile {
    values: BTreeMap<String, Vec<String>>,
}

/// Parses the command line, over the environment, the file that either of them names, and the defaults.
/// Ends the process where flags or variables are wrong, or where help is asked for.
///
/// # Errors
/// Where the file cannot be read, or names or values in it are wrong.
pub fn parse<T: Parser>() -> Result<(T, Origin), Failure> {
    let command = T::command();
    let mut matches = command.clone().try_get_matches().unwrap_or_else(|error| complain(error, command.clone()));
    let mut file = SettingsFile::default();
    if let Some(path) = named(&matches) {
        file = SettingsFile::read(&path).map_err(|wrong| format!("{}: {wrong}", path.display()))?;
        matches = file.beneath(command).get_matches();
    }
    let arguments = T::from_arg_matches(&matches).map_err(|error| error.to_string())?;
    Ok((arguments, Origin { matches, file }))
}

/// Says what is wrong and ends the process. As if no variable were set, where that is wrong as well: the usage that clap adds
/// lists each as if it were required.
fn complain(error: clap::Error, command: Command) -> ! {
    if error.use_stderr()
        && let Err(same) = without_variables(command).try_get_matches()
        && same.kind() == error.kind()
    {
        same.exit();
    }
    error.exit()
}

fn without_variables(command: Command) -> Command {
    command.mut_args(|arg| arg.env(Resettable::Reset)).mut_subcommands(without_variables)
}

/// The file of a command that reads settings. The others, which people run, need not be able to read it.
fn named(matches: &ArgMatches) -> Option<PathBuf> {
    let (_, command) = matches.subcommand()?;
    command.try_get_one::<PathBuf>(FILE).ok().flatten().cloned().or_else(|| named(command))
}

impl Origin {
    /// The value of a setting, as it was given, and where it comes from.
    pub(super) fn of(&self, name: &str) -> (Option<String>, &'static str) {
        let matches = self.matches.subcommand().map_or(&self.matches, |(_, matches)| matches);
        let raw = matches.try_get_raw(name).ok().flatten();
        let value = raw.map(|values| values.map(|value| value.to_string_lossy()).collect::<Vec<_>>().join(","));
        let source = match matches.value_source(name) {
            Some(ValueSource::CommandLine) => "flag",
            Some(ValueSource::EnvVariable) => "environment",
            _ if self.file.values.contains_key(name) => "file",
            _ => "default",
        };
        (value, source)
    }
}

impl SettingsFile {
    fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        // Without the line itself, which may hold a secret.
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let line = error.span().map_or(0, |span| text.get(..span.start).unwrap_or_default().matches('\n').count());
            format!("line {}: {}", line + 1, error.message())
        })?;
        let settings = all();
        let mut values = BTreeMap::new();
        for (name, value) in table {
            let setting = settings.iter().find(|setting| setting.get_id() == name.as_str());
            let setting =
                setting.ok_or_else(|| format!("there is no setting {name}; `strongroom config` shows all"))?;
            let texts = texts(&value).ok_or_else(|| {
                format!("{name}: give a text, a whole number, true or false, or a list of texts in brackets")
            })?;
            check(setting, &texts).map_err(|wrong| format!("{name}: {wrong}"))?;
            values.insert(name, texts);
        }
        Ok(Self { values })
    }

    /// The command with these values in the place of its defaults.
    fn beneath(&self, command: Command) -> Command {
        self.fill(command).mut_subcommands(|command| self.below(command))
    }

    fn below(&self, command: Command) -> Command {
        let command = command.mut_subcommands(|command| self.below(command));
        let reads_settings = command.get_arguments().any(|arg| arg.get_id() == FILE);
        if reads_settings { self.fill(command) } else { command }
    }

    fn fill(&self, command: Command) -> Command {
        command.mut_args(|arg| match self.values.get(arg.get_id().as_str()) {
            Some(values) => arg.default_values(values.clone()),
            None => arg,
        })
    }
}

fn texts(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text.clone()]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(flag) => Some(vec![flag.to_string()]),
        toml::Value::Array(values) => values.iter().map(|value| value.as_str().map(str::to_owned)).collect(),
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

/// What the setting's own parser says of the values, as if they had been given by its flag.
fn check(setting: &Arg, values: &[String]) -> Result<(), String> {
    let flag = setting.get_long().unwrap_or_default();
    let command = Command::new("strongroom").no_binary_name(true).arg(setting.clone());
    let given = values.iter().map(|value| format!("--{flag}={value}"));
    command.try_get_matches_from(given).map(drop).map_err(|error| {
        let message = error.to_string();
        message.trim_start_matches("error: ").split("\n\n").next().unwrap_or_default().replace('\n', "")
    })
}
