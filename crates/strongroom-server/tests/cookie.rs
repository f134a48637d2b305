//! The session's cookie, as browsers send it: from our pages, and from those of somebody who would make them act for him.
//! Each is sent with the headers that a browser would give it there, and without any: what says nothing counts for nothing.

use crate::support::{Answer, Server, credential};
use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::json;

const PASSWORD: &str = "tell nobody this sentence";
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");
const BEHIND_PROXY: &[&str] = &["--trusted-proxies=127.0.0.1"];

async fn sign_in(server: &Server, headers: &[(&str, &str)]) -> Answer {
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    server.send_with(headers, Method::POST, "/api/auth/sign-in", Some(body.to_string())).await
}

/// `name=token` of a cookie that has just been set.
fn pair(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.header("set-cookie").split(';').next().unwrap().to_owned()
}

async fn with_password(flags: &[&str]) -> (Server, strongroom_testing::Person) {
    let server = Server::start_with_http(flags).await;
    let ada = server.person("ada").await;
    server.set_password(&ada, PASSWORD).await;
    (server, ada)
}

#[tokio::test]
async fn a_browser_gets_a_cookie_and_no_token_and_works_with_it() {
    let (server, ada) = with_password(&[]).await;
    let answer = sign_in(&server, &[SAME_ORIGIN]).await;
    let cookie = pair(&answer);
    let token = cookie.strip_prefix("strongroom_session=srs_").expect("on loopback without TLS");
    assert!(!answer.text.contains(token) && answer.json().get("token").is_none());
    let attributes: Vec<_> = answer.header("set-cookie").split("; ").skip(1).collect();
    assert_eq!(attributes[..3], ["HttpOnly", "SameSite=Lax", "Path=/"]);
    assert!(attributes[3].starts_with("Expires="));

    let headers = [("cookie", cookie.as_str()), SAME_ORIGIN];
    let me = server.send_with(&headers, Method::GET, "/api/me", None).await;
    assert_eq!(me.json()["id"], ada.id.to_string());
    let kept =
        server.send_with(&headers, Method::POST, "/api/credentials", Some(credential("n", "v").to_string())).await;
    assert_eq!(kept.status, 201);
    let out = server.send_with(&headers, Method::POST, "/api/auth/sign-out", None).await;
    assert_eq!(out.status, 204);
    assert_eq!(
        out.header("set-cookie"),
        "strongroom_session=; HttpOnly; SameSite=Lax; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"
    );
    assert_eq!(server.send_with(&headers, Method::GET, "/api/me", None).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn behind_a_proxy_that_speaks_tls_the_cookie_is_this_hosts_alone() {
    let (server, _) = with_password(BEHIND_PROXY).await;
    let answer = sign_in(&server, &[SAME_ORIGIN]).await;
    let cookie = pair(&answer);
    assert!(cookie.starts_with("__Host-strongroom_session=srs_"));
    assert!(answer.header("set-cookie").contains("; Secure; Path=/;"));
    let me =
        async |cookie: &str| server.send_with(&[("cookie", cookie), SAME_ORIGIN], Method::GET, "/api/me", None).await;
    assert_eq!(me(&cookie).await.status, 200);
    // What a neighbour in the clear could plant has another name.
    assert_eq!(me(cookie.strip_prefix("__Host-").unwrap()).await.problem(), "unauthenticated");
}

#[tokio::test]
async fn a_cookie_in_a_request_of_another_site_counts_for_nothing_not_even_to_read() {
    let (server, _) = with_password(&[]).await;
    let cookie = pair(&sign_in(&server, &[SAME_ORIGIN]).await);
    let cookie = ("cookie", cookie.as_str());
    let body = Some(credential("n", "v").to_string());
    let kept = server.send_with(&[cookie, SAME_ORIGIN], Method::POST, "/api/credentials", body).await;
    let value = format!("/api/credentials/{}/value", kept.id());
    let elsewhere: &[&[(&str, &str)]] = &[
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", &server.url)],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("origin", &server.url.replace("http", "https"))],
        &[],
    ];
    let session = ("POST", "/api/auth/sign-out");
    for headers in elsewhere {
        let headers = [&[cookie], *headers].concat();
        for (method, path) in [("GET", "/api/me"), ("GET", value.as_str()), ("DELETE", "/api/sessions"), session] {
            let answer = server.send_with(&headers, method.parse().unwrap(), path, None).await;
            assert_eq!((answer.status, answer.problem().as_str()), (403, "cross-site-request"), "{headers:?} {path}");
        }
        let body = Some(json!({ "name": "planted" }).to_string());
        assert_eq!(server.send_with(&headers, Method::POST, "/api/tokens", body).await.problem(), "cross-site-request");
    }
    let reveals = "SELECT FROM strongroom.activity_logs WHERE action = 'CREDENTIAL_ACCESSED'";
    assert_eq!(server.database.sql("postgres").await.execute(reveals, &[]).await.unwrap(), 0);
    // A browser that knows no Sec-Fetch-Site says Origin.
    let ours = [cookie, ("origin", server.url.as_str())];
    assert_eq!(server.send_with(&ours, Method::POST, "/api/auth/sign-out", None).await.status, 204);
}

#[tokio::test]
async fn no_page_of_another_site_signs_its_reader_in() {
    let (server, _) = with_password(&[]).await;
    for headers in [&[("sec-fetch-site", "cross-site")][..], &[("origin", "https://evil.example")], &[]] {
        let answer = sign_in(&server, headers).await;
        assert_eq!(answer.problem(), "cross-site-request");
        assert_eq!(answer.header("set-cookie"), "");
    }
    // Nor does a form of one, which cannot say that it sends JSON.
    let body = format!(r#"{{"email":"ada@example.org","password":"{PASSWORD}"}}"#);
    let form =
        reqwest::Client::new().post(format!("{}/api/auth/sign-in", server.url)).header("content-type", "text/plain");
    let answer = form.header("sec-fetch-site", "cross-site").body(body).send().await.unwrap();
    assert!([403, 415].contains(&answer.status().as_u16()));
    assert!(answer.headers().get("set-cookie").is_none());
}

#[tokio::test]
async fn a_cookie_and_a_bearer_token_are_two_answers_and_so_none() {
    let (server, ada) = with_password(&[]).await;
    let cookie = pair(&sign_in(&server, &[SAME_ORIGIN]).await);
    let bearer = format!("Bearer {}", ada.token.to_text().expose_secret());
    let both = [("cookie", cookie.as_str()), SAME_ORIGIN, ("authorization", bearer.as_str())];
    assert_eq!(server.send_with(&both, Method::GET, "/api/me", None).await.problem(), "unauthenticated");
    let other = [("cookie", "other=1; strongroom=2"), ("authorization", bearer.as_str())];
    assert_eq!(
        server.send_with(&other, Method::GET, "/api/me", None).await.status,
        200,
        "cookies of others are theirs"
    );
}

#[tokio::test]
async fn malformed_and_planted_cookies_prove_nobody() {
    let (server, _) = with_password(&[]).await;
    let cookie = pair(&sign_in(&server, &[SAME_ORIGIN]).await);
    let twice = format!("{cookie}; strongroom_session=srs_planted");
    let planted_first = format!("strongroom_session=srs_planted; {cookie}");
    for wrong in [
        "strongroom_session=",
        "strongroom_session",
        "strongroom_session=srs_x",
        &cookie.replace("srs_", "sri_"),
        &twice,
        &planted_first,
    ] {
        let answer = server.send_with(&[("cookie", wrong), SAME_ORIGIN], Method::GET, "/api/me", None).await;
        assert_eq!(answer.problem(), "unauthenticated", "{wrong}");
        assert!(!answer.text.contains("planted"));
    }
}

#[tokio::test]
async fn signing_in_with_a_planted_session_makes_another() {
    let (server, _) = with_password(&[]).await;
    let planted = pair(&sign_in(&server, &[SAME_ORIGIN]).await);
    let fresh = pair(&sign_in(&server, &[("cookie", &planted), SAME_ORIGIN]).await);
    assert_ne!(fresh, planted);
}
