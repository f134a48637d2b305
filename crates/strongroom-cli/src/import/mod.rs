//! What other keepers of secrets hold, as credentials to be kept here. One file a source; each says what it takes, and why it
//! leaves the rest. What a person may have written a secret into becomes a value, and never metadata, which are not sealed.

mod address;
mod bitwarden;
mod json;
mod key_value;
mod onepassword;
mod onepassword_csv;
mod variables;

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use strongroom_types::{CredentialType, Invalid, NewCredential, SecretValue, Tag, Tags, WorkspaceId};

pub use key_value::{KeyValue, KeyValueServer};

/// The most that a file may hold.
pub const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// The most credentials that are taken from one source.
const MAX_ITEMS: usize = 100_000;

pub use bitwarden::read as bitwarden;
pub use json::read as json;
pub use onepassword::read as onepassword;
pub use variables::read as variables;

/// What a source holds.
#[derive(Default)]
pub struct Findings {
    pub items: Vec<NewCredential>,
    pub skipped: Vec<Skipped>,
    /// Each provider and name, with the number to try next.
    taken: HashMap<(String, String), usize>,
}

/// What is left, and why. Nothing of a value.
pub struct Skipped {
    pub place: String,
    pub reason: String,
    /// It should have been taken.
    pub failed: bool,
}

/// A credential as a source tells it, not yet within our bounds.
struct Draft<'a> {
    name: String,
    provider: &'a str,
    kind: CredentialType,
    value: &'a SecretString,
    metadata: Map<String, Value>,
    tags: Tags,
}

impl Findings {
    /// How many have been taken or left so far.
    fn count(&self) -> usize {
        self.items.len() + self.skipped.len()
    }

    /// Those that can be tags here, each once; the others are left, and not worth the secret.
    fn tags(&mut self, place: &str, tags: &[String]) -> Tags {
        let (mut kept, mut others) = (Tags::default(), 0);
        for tag in tags.iter().map(|tag| Tag::try_from(tag.clone())) {
            if tag.as_ref().is_ok_and(|tag| kept.as_slice().contains(tag)) {
                continue;
            }
            match tag.and_then(|tag| Tags::try_from([kept.as_slice(), &[tag]].concat())) {
                Ok(longer) => kept = longer,
                Err(_) => others += 1,
            }
        }
        if others > 0 {
            self.skip(&format!("{place}: tags"), format!("{others} of them are too long, too many, or empty"));
        }
        kept
    }

    /// Takes it, or says why it cannot be kept.
    fn add(&mut self, place: &str, draft: Draft<'_>) {
        match draft.parse() {
            Ok(new) => self.take(place, new),
            Err(Invalid(reason)) => self.fail(place, reason),
        }
    }

    /// One whose provider and name were in the source before gets a number: nothing is lost by having no name of its own.
    fn take(&mut self, place: &str, mut new: NewCredential) {
        if self.items.len() >= MAX_ITEMS {
            return self.fail(place, format!("a source may hold {MAX_ITEMS} credentials; divide it"));
        }
        let provider = new.provider.as_str();
        match self.free_name(provider, new.name.as_str()).try_into() {
            Ok(name) => {
                new.name = name;
                self.items.push(new);
            }
            Err(Invalid(reason)) => self.fail(place, format!("its name, which is there before, {reason}")),
        }
    }

    /// That name, or with the next number that is free. Where many have one name, none counts from the start again.
    fn free_name(&mut self, provider: &str, name: &str) -> String {
        let key = |name: &str| (provider.to_owned(), name.to_owned());
        let Some(mut number) = self.taken.get(&key(name)).copied() else {
            self.taken.insert(key(name), 2);
            return name.to_owned();
        };
        let mut free = format!("{name} ({number})");
        while self.taken.contains_key(&key(&free)) {
            number += 1;
            free = format!("{name} ({number})");
        }
        self.taken.insert(key(name), number + 1);
        self.taken.insert(key(&free), 2);
        free
    }

    /// Leaves what is not for us.
    fn skip(&mut self, place: &str, reason: impl Into<String>) {
        self.skipped.push(Skipped { place: place.to_owned(), reason: reason.into(), failed: false });
    }

    /// Leaves what should have been taken.
    fn fail(&mut self, place: &str, reason: impl Into<String>) {
        self.skipped.push(Skipped { place: place.to_owned(), reason: reason.into(), failed: true });
    }

    /// Gives each of them those tags, and a workspace or none.
    pub fn tagged(mut self, tags: &[Tag], workspace: Option<WorkspaceId>) -> Self {
        for mut new in std::mem::take(&mut self.items) {
            new.workspace_id = workspace;
            let mut all = new.tags.as_slice().to_vec();
            all.extend(tags.iter().filter(|tag| !new.tags.as_slice().contains(tag)).cloned());
            match Tags::try_from(all) {
                Ok(tags) => {
                    new.tags = tags;
                    self.items.push(new);
                }
                Err(Invalid(reason)) => self.fail(&label(&new), format!("its tags {reason}")),
            }
        }
        self
    }
}

impl Draft<'_> {
    fn parse(self) -> Result<NewCredential, Invalid> {
        let of = |what: &'static str| move |Invalid(reason): Invalid| Invalid(format!("its {what} {reason}"));
        Ok(NewCredential {
            name: self.name.try_into().map_err(of("name"))?,
            provider: self.provider.to_owned().try_into().map_err(of("provider"))?,
            kind: self.kind,
            scope: None,
            workspace_id: None,
            value: SecretValue::new(self.value.expose_secret().to_owned()).map_err(of("value"))?,
            description: None,
            expires_at: None,
            tags: self.tags,
            metadata: self.metadata.try_into().map_err(of("metadata"))?,
        })
    }
}

/// What a credential is called in a report.
pub fn label(new: &NewCredential) -> String {
    format!("{}/{}", new.provider.as_str(), new.name.as_str())
}

/// Whether there is something in it.
fn filled(text: &Option<SecretString>) -> Option<&SecretString> {
    text.as_ref().filter(|text| !text.expose_secret().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft<'a>(name: &str, value: &'a SecretString) -> Draft<'a> {
        let kind = CredentialType::Secret;
        Draft { name: name.into(), provider: "p", kind, value, metadata: Map::new(), tags: Tags::default() }
    }

    #[test]
    fn what_has_no_name_of_its_own_gets_a_number_and_what_is_out_of_bounds_a_reason() {
        let mut findings = Findings::default();
        let value = SecretString::from("hunter2");
        for name in ["n", "n", "n (2)", "n"] {
            findings.add("there", draft(name, &value));
        }
        let names: Vec<_> = findings.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["n", "n (2)", "n (2) (2)", "n (3)"]);
        for (name, value) in
            [("n\u{1b}", "hunter2"), ("n", ""), ("n", &"x".repeat(64 * 1024 + 1)), (&"n".repeat(256), "x")]
        {
            findings.add("there", draft(name, &value.into()));
        }
        assert_eq!((findings.items.len(), findings.skipped.len()), (4, 4));
        assert!(findings.skipped.iter().all(|skipped| skipped.failed && !skipped.reason.contains("hunter2")));
    }

    #[test]
    fn a_hundred_thousand_of_one_name_are_numbered_without_counting_each_time() {
        let (mut findings, count) = (Findings::default(), 100_000);
        for _ in 0..count {
            findings.free_name("p", "n");
        }
        // Where each counted from the start, this would be five billion steps.
        assert_eq!(findings.free_name("p", "n"), format!("n ({})", count + 1));
        assert_eq!(findings.free_name("q", "n"), "n");
    }

    #[test]
    fn a_tag_that_is_none_here_costs_no_secret_and_is_said() {
        let mut findings = Findings::default();
        let tags = ["a", "", "a", "b", &"t".repeat(51)].map(str::to_owned);
        let kept = findings.tags("there", &tags);
        let kept: Vec<_> = kept.as_slice().iter().map(Tag::as_str).collect();
        assert_eq!((kept, findings.skipped[0].place.as_str()), (vec!["a", "b"], "there: tags"));
    }

    #[test]
    fn tags_are_added_once_and_within_their_bound() {
        let mut findings = Findings::default();
        let value = SecretString::from("v");
        let tags: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        for (name, tags) in [("full", &tags[..]), ("one", &tags[..1])] {
            let tags = findings.tags(name, tags);
            findings.add(name, Draft { tags, ..draft(name, &value) });
        }
        let added = ["0", "new"].map(|tag| Tag::try_from(tag.to_owned()).unwrap());
        let findings = findings.tagged(&added, None);
        assert_eq!(findings.items[0].tags.as_slice(), added);
        assert_eq!(findings.skipped[0].place, "p/full");
    }
}
