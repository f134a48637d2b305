//! A browser at two places, the vault and a provider: it keeps cookies and says where it is led to, without going there.
//! So a test sees each step of a sign-in, and can take it in another browser, twice, or not at all.

use std::sync::Arc;

use reqwest::cookie::Jar;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use strongroom_federation::{Federation, OidcProvider, OidcSettings, TrustedIssuers};

use crate::support::without_redirects;

/// Somebody's browser.
pub struct Browser {
    http: Client,
    cookies: Arc<Jar>,
    vault: String,
}

/// The vault at that address, with the provider that has this issuer.
pub fn signing_in_with(vault: &str, issuer: &str) -> Federation {
    let settings = OidcSettings {
        issuer: issuer.parse().unwrap(),
        client_id: "strongroom".into(),
        client_secret: Some("known to the tests alone".into()),
        redirect_url: format!("{vault}/api/auth/oidc/callback"),
        scopes: vec!["email".into(), "profile".into()],
        name: "the provider".into(),
    };
    Federation { sign_in: Some(OidcProvider::new(settings).unwrap()), workloads: TrustedIssuers::default() }
}

impl Browser {
    /// In the hands of somebody whom the provider knows by that name.
    pub fn of(account: &str, vault: &str) -> Self {
        let headers = HeaderMap::from_iter([("x-account".parse().unwrap(), HeaderValue::from_str(account).unwrap())]);
        let cookies = Arc::new(Jar::default());
        let http = without_redirects().cookie_provider(cookies.clone());
        Self { http: http.default_headers(headers).build().unwrap(), cookies, vault: vault.into() }
    }

    pub async fn get(&self, url: &str) -> Response {
        let url = if url.starts_with('/') { format!("{}{url}", self.vault) } else { url.into() };
        self.http.get(url).send().await.unwrap()
    }

    /// To show it to a person.
    pub async fn show(&self, url: &str) -> Response {
        self.http.get(url).header("accept", "text/html,application/xhtml+xml,*/*;q=0.8").send().await.unwrap()
    }

    /// With its own cookies, but for the session, which is that one.
    pub async fn get_with_session(&self, url: &str, session: &str) -> Response {
        let url = reqwest::Url::parse(url).unwrap();
        let own = reqwest::cookie::CookieStore::cookies(&*self.cookies, &url).unwrap();
        let own = own.to_str().unwrap().split("; ").filter(|cookie| !cookie.starts_with("strongroom_session="));
        let cookies = own.chain([session]).collect::<Vec<_>>().join("; ");
        let bare = without_redirects().build().unwrap();
        bare.get(url).header("cookie", cookies).send().await.unwrap()
    }

    /// As a page of the vault does.
    pub async fn fetch(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> Response {
        let mut request =
            self.http.request(method, format!("{}{path}", self.vault)).header("sec-fetch-site", "same-origin");
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    /// Begins to sign in; returns where the vault leads to.
    pub async fn start(&self) -> String {
        location(&self.get("/api/auth/oidc/start?return_to=/settings").await)
    }

    /// Begins to link an identity to the session that there is; returns where to go.
    pub async fn start_link(&self) -> String {
        let link = self.fetch(reqwest::Method::POST, "/api/identities/link", Some(json!({}))).await;
        assert_eq!(link.status(), 200);
        link.json::<Value>().await.unwrap()["url"].as_str().unwrap().into()
    }

    /// Goes through the provider, which signs its account in and leads back; returns the way back, not gone yet.
    pub async fn through_provider(&self, authorize: String) -> String {
        let provider = authorize.split("/auth").next().unwrap().to_owned();
        let mut next = authorize;
        for _ in 0..10 {
            if next.starts_with(&self.vault) {
                return next;
            }
            next = location(&self.get(&next).await);
            if next.starts_with('/') {
                next = format!("{provider}{next}");
            }
        }
        panic!("the provider leads around in circles");
    }

    /// All of it; returns the vault's answer to the return.
    pub async fn sign_in(&self) -> Response {
        let back = self.through_provider(self.start().await).await;
        self.get(&back).await
    }

    /// Who the vault takes its session for.
    pub async fn me(&self) -> Option<String> {
        let me = self.fetch(reqwest::Method::GET, "/api/me", None).await;
        (me.status() == 200).then_some(me.json::<Value>().await.unwrap()["email"].as_str().unwrap().into())
    }
}

/// Where an answer leads to.
pub fn location(answer: &Response) -> String {
    assert_eq!(answer.status(), 303, "{answer:?}");
    answer.headers()[LOCATION].to_str().unwrap().into()
}

/// A parameter of an address.
pub fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).unwrap().1.into_owned()
}
