//! `strongroom://workspace/provider/name`: how a program's surroundings name a credential without holding its value.
//! A reference is no secret, and may be shown; what it stands for is in values.rs.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use strongroom_types::{Invalid, Name, Provider, WorkspaceId};

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
    pub place: Place,
    pub provider: Provider,
    pub name: Name,
}

/// Where a reference looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// `strongroom:///provider/name`: one's own, else the most specific that one may use.
    Anywhere,
    /// In the workspace of that id.
    Id(WorkspaceId),
    /// In the workspace of exactly that name.
    Named(Name),
}

impl FromStr for Reference {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let form = || Invalid(format!("must be {SCHEME}workspace/provider/name, or {SCHEME}/provider/name"));
        let rest = text.strip_prefix(SCHEME).ok_or_else(form)?;
        if rest.contains(['?', '#']) {
            return Err(Invalid("? and # must be written as %3F and %23".into()));
        }
        let mut parts = rest.split('/');
        let (Some(place), Some(provider), Some(name), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Invalid(format!("{}; a / in a part is written as %2F", form())));
        };
        Ok(Self {
            place: decoded(place)?.parse()?,
            provider: decoded(provider)?.try_into().map_err(|Invalid(why)| Invalid(format!("its provider {why}")))?,
            name: decoded(name)?.try_into().map_err(|Invalid(why)| Invalid(format!("its name {why}")))?,
        })
    }
}

impl FromStr for Place {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        if text.is_empty() {
            return Ok(Self::Anywhere);
        }
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        let name = Name::try_from(text.to_owned()).map_err(|Invalid(why)| Invalid(format!("its workspace {why}")))?;
        Ok(Self::Named(name))
    }
}

fn decoded(part: &str) -> Result<String, Invalid> {
    let wrong = || Invalid("% must be followed by two hexadecimal digits, and what they make must be UTF-8".into());
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
        match &self.place {
            Place::Anywhere => {}
            Place::Id(id) => id.fmt(f)?,
            Place::Named(name) => encoded(name.as_str()).fmt(f)?,
        }
        write!(f, "/{}/{}", encoded(self.provider.as_str()), encoded(self.name.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Result<Reference, Invalid> {
        text.parse()
    }

    #[test]
    fn a_reference_names_a_workspace_by_name_or_id_or_none() {
        let name = |text: &str| Name::try_from(text.to_owned()).unwrap();
        assert_eq!(parsed("strongroom:///github/CI").unwrap().place, Place::Anywhere);
        let named = parsed("strongroom://Platform%20team/git%2Fhub/100%25 CI").unwrap();
        assert_eq!(named.place, Place::Named(name("Platform team")));
        assert_eq!((named.provider.as_str(), named.name.as_str()), ("git/hub", "100% CI"));
        let id = WorkspaceId::EXAMPLE;
        assert_eq!(parsed(&format!("strongroom://{id}/p/n")).unwrap().place, Place::Id(id.parse().unwrap()));
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
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(
            place in prop_oneof![
                Just(Place::Anywhere),
                any::<u128>().prop_map(|id| Place::Id(WorkspaceId(uuid::Uuid::from_u128(id)))),
                // One whose name has the form of an id is named by its own id.
                "\\PC{1,40}"
                    .prop_filter("an id", |text| text.parse::<WorkspaceId>().is_err())
                    .prop_filter_map("a name", |text| Name::try_from(text).ok())
                    .prop_map(Place::Named),
            ],
            provider in "\\PC{1,40}".prop_filter_map("a provider", |text| Provider::try_from(text).ok()),
            name in "\\PC{1,40}".prop_filter_map("a name", |text| Name::try_from(text).ok()),
        ) {
            let reference = Reference { place, provider, name };
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
