//! `strongroom://workspace/provider/name`: how a program's surroundings name a credential without holding its value.
//! A reference is no secret, and may be shown; what it stands for is in values.rs.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use strongroom_types::{Invalid, Name, Provider};

/// What every reference begins with.
pub const SCHEME: &str = "strongroom://";

/// What a part cannot hold as it is: what parts are told apart by, what a URI gives a meaning to (RFC 3986), and what
/// templates and shells would read.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'%')
    .add(b'/')
    .add(b'?')
    .add(b'#')
    .add(b'{')
    .add(b'}')
    .add(b'"')
    .add(b'\'')
    .add(b'`')
    .add(b'$')
    .add(b'<')
    .add(b'>')
    .add(b'\\');

/// A credential by workspace, provider and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Its id or exact name. None, `strongroom:///provider/name`: one's own credential, else the most specific that one may use.
    pub workspace: Option<Name>,
    pub provider: Provider,
    pub name: Name,
}

impl FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let form =
            || Invalid(format!("must be {SCHEME}workspace/provider/name, or {SCHEME}/provider/name; / in one is %2F"));
        let rest = text.strip_prefix(SCHEME).ok_or_else(form)?;
        if rest.contains(['?', '#']) {
            return Err(Invalid("must have ? and # written as %3F and %23".into()));
        }
        let parts: Vec<&str> = rest.split('/').collect();
        let [workspace, provider, name] = parts[..] else { return Err(form()) };
        Ok(Self {
            workspace: if workspace.is_empty() { None } else { Some(parsed("workspace", workspace)?) },
            provider: parsed("provider", provider)?,
            name: parsed("name", name)?,
        })
    }
}

fn parsed<T: TryFrom<String, Error = Invalid>>(what: &str, part: &str) -> Result<T, Invalid> {
    decoded(part)?.try_into().map_err(|Invalid(why)| Invalid(format!("names a {what} that {why}")))
}

fn decoded(part: &str) -> Result<String, Invalid> {
    let wrong = || Invalid("must have two hexadecimal digits after each %, and be UTF-8".into());
    let complete = part.split('%').skip(1).all(|after| {
        let digits = after.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if !complete {
        return Err(wrong());
    }
    Ok(percent_decode_str(part).decode_utf8().map_err(|_| wrong())?.into_owned())
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encoded = |part| utf8_percent_encode(part, ENCODED);
        f.write_str(SCHEME)?;
        if let Some(workspace) = &self.workspace {
            encoded(workspace.as_str()).fmt(f)?;
        }
        write!(f, "/{}/{}", encoded(self.provider.as_str()), encoded(self.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Reference, Invalid> {
        text.parse()
    }

    #[test]
    fn a_reference_names_a_workspace_or_none() {
        assert_eq!(read("strongroom:///github/CI").unwrap().workspace, None);
        let named = read("strongroom://Platform%20team/git%2Fhub/100%25 CI").unwrap();
        assert_eq!(named.workspace.unwrap().as_str(), "Platform team");
        assert_eq!((named.provider.as_str(), named.name.as_str()), ("git/hub", "100% CI"));
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for wrong in [
            "",
            "strongroom:",
            "strongroom://",
            "strongroom://w/p",
            "strongroom:///p/",
            "strongroom:////n",
            "strongroom://w/p/n/more",
            "strongroom://w/p/n?version=1",
            "strongroom://w/p/n#part",
            "strongroom://w/p/%",
            "strongroom://w/p/%4",
            "strongroom://w/p/%zz",
            "strongroom://w/p/%ff",
            "strongroom://w/p/%00",
            "strongroom://%20/p/n",
            "Strongroom://w/p/n",
            " strongroom://w/p/n",
            "https://w/p/n",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            workspace in proptest::option::of("\\PC{1,40}".prop_filter_map("a name", |text| Name::try_from(text).ok())),
            provider in "\\PC{1,40}".prop_filter_map("a provider", |text| Provider::try_from(text).ok()),
            name in "\\PC{1,40}".prop_filter_map("a name", |text| Name::try_from(text).ok()),
        ) {
            let reference = Reference { workspace, provider, name };
            let text = reference.to_string();
            let steered = text.contains(['{', '}', ' ', '"', '$']);
            prop_assert!(!steered, "{}", text);
            prop_assert_eq!(text.parse::<Reference>().unwrap(), reference);
        }

        #[test]
        fn no_text_makes_it_panic(text in "(strongroom://)?\\PC*") {
            let _ = text.parse::<Reference>();
        }
    }
}
