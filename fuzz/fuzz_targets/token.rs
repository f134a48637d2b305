//! What callers prove themselves with: a text that is read as a token is the one text of that token.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use strongroom_types::{ApiToken, InvitationToken};

fuzz_target!(|text: &str| {
    if let Ok(token) = ApiToken::parse(text) {
        let forms = [token.to_text(), token.to_session_text()];
        assert!(forms.iter().any(|form| form.expose_secret() == text), "it reads a text that it does not write");
        for form in forms {
            let again = ApiToken::parse(form.expose_secret()).expect("what it writes, it reads");
            assert_eq!((again.expose(), again.user_id()), (token.expose(), token.user_id()));
        }
    }
    if let Ok(token) = InvitationToken::parse(text) {
        assert_eq!(token.to_text().expose_secret(), text);
        assert!(ApiToken::parse(text).is_err(), "an invitation is no token of the API");
    }
});
