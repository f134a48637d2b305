//! How many requests an address, a token and a user may send: by governor, in the memory of this process.
//! Never lets one who has no token of a user use up that user's share, and never grows with the number of those
//! who have gone.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use clap::Args;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use strongroom_types::{ApiToken, UserId};

use crate::client::ClientAddress;
use crate::problem::Refusal;

/// After how many requests those are forgotten whose share is whole again.
const PRUNE_EVERY: u32 = 4096;
/// How many tokens are remembered as proven. At more, all are forgotten, and proven again by their next request.
const MAX_PROVEN: usize = 65_536;

/// Requests a minute: as many at once, and then as they come back, evenly. 0: no limit.
#[derive(Args, Clone, Copy, Debug)]
pub struct Rates {
    /// Requests a minute from an address, or from an IPv6 network of 64 bits, before anybody is authenticated; 0: no
    /// limit
    #[arg(long, env = "STRONGROOM_REQUESTS_PER_MINUTE_BY_ADDRESS", default_value_t = 1200, value_name = "COUNT")]
    requests_per_minute_by_address: u32,
    /// Requests a minute with a token; 0: no limit
    #[arg(long, env = "STRONGROOM_REQUESTS_PER_MINUTE_BY_TOKEN", default_value_t = 600, value_name = "COUNT")]
    requests_per_minute_by_token: u32,
    /// Requests a minute of a user, with all his tokens; 0: no limit
    #[arg(long, env = "STRONGROOM_REQUESTS_PER_MINUTE_BY_USER", default_value_t = 1200, value_name = "COUNT")]
    requests_per_minute_by_user: u32,
}

/// Who has sent how much of late.
pub struct Limits {
    addresses: Share<IpAddr>,
    tokens: Share<u64>,
    users: Share<UserId>,
    /// Hashes of tokens that the database has proven since this process started.
    proven: Mutex<HashSet<u64>>,
    /// Under a key of this process: a token itself is not kept, and nobody can make two that are one here.
    hasher: RandomState,
}

/// A request whose sender is not known yet, in the extensions of the request.
#[derive(Clone)]
pub struct Attempt {
    limits: Arc<Limits>,
    token: Arc<OnceLock<u64>>,
}

/// Counts a request for its address, and lets [`Attempt::with`] count it for its token and user.
pub async fn limit(State(limits): State<Arc<Limits>>, mut request: Request, next: Next) -> Response {
    let address = request.extensions().get().map_or(Ipv6Addr::UNSPECIFIED.into(), |&ClientAddress(address)| address);
    if let Err(refusal) = limits.addresses.take(network(address), "your address has sent") {
        return refusal.into_response();
    }
    let attempt = Attempt { limits, token: Arc::default() };
    request.extensions_mut().insert(attempt.clone());
    let response = next.run(request).await;
    attempt.conclude(response.status());
    response
}

/// An address, as far as one client can choose it: who has an IPv6 address has 2^64 of them (RFC 6177).
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

impl Limits {
    pub fn new(rates: Rates) -> Self {
        Self {
            addresses: Share::new(rates.requests_per_minute_by_address),
            tokens: Share::new(rates.requests_per_minute_by_token),
            users: Share::new(rates.requests_per_minute_by_user),
            proven: Mutex::default(),
            hasher: RandomState::new(),
        }
    }

    fn proven<T>(&self, act: impl FnOnce(&mut HashSet<u64>) -> T) -> T {
        act(&mut self.proven.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Attempt {
    /// Counts the request for its token, and for the user of the token if that has been proven: the name of a user in
    /// a token that anybody can write must not use up the user's share.
    ///
    /// # Errors
    /// Where either has sent too much.
    pub fn with(&self, token: &ApiToken) -> Result<(), Refusal> {
        let hash = *self.token.get_or_init(|| self.limits.hasher.hash_one(token.expose()));
        self.limits.tokens.take(hash, "this token has been used for")?;
        if self.limits.proven(|proven| proven.contains(&hash)) {
            self.limits.users.take(token.user_id(), "you have sent")?;
        }
        Ok(())
    }

    /// What was answered tells whether the token was good: a handler that asks for a caller does nothing without proof.
    fn conclude(&self, status: StatusCode) {
        let Some(&token) = self.token.get() else { return };
        self.limits.proven(|proven| {
            if status.is_success() {
                if proven.len() >= MAX_PROVEN {
                    proven.clear();
                }
                proven.insert(token);
            } else if status == StatusCode::UNAUTHORIZED {
                proven.remove(&token);
            }
        });
    }
}

/// The shares of all of a kind; none where there is no limit.
struct Share<K: Hash + Eq + Clone> {
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    taken: AtomicU32,
}

impl<K: Hash + Eq + Clone> Share<K> {
    fn new(per_minute: u32) -> Self {
        let limiter = NonZeroU32::new(per_minute).map(|count| RateLimiter::keyed(Quota::per_minute(count)));
        Self { limiter, taken: AtomicU32::new(0) }
    }

    fn take(&self, key: K, who: &str) -> Result<(), Refusal> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.taken.fetch_add(1, Ordering::Relaxed) % PRUNE_EVERY == PRUNE_EVERY - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(&key).map_err(|until| {
            let wait = until.wait_time_from(limiter.clock().now());
            // Rounded up: one who comes back then is let in.
            let seconds = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            Refusal::rate_limited(seconds, format!("{who} as many requests as a minute allows; wait a moment"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_gone_is_forgotten() {
        // So large a share is whole again in nanoseconds.
        let share = Share::new(u32::MAX);
        for address in 0..100_000_u32 {
            share.take(address, "").unwrap();
        }
        assert!(share.limiter.unwrap().len() <= 2 * PRUNE_EVERY as usize);
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let one = network("2001:db8:1:2:3:4:5:6".parse().unwrap());
        assert_eq!(one, network("2001:db8:1:2:ffff::1".parse().unwrap()));
        assert_ne!(one, network("2001:db8:1:3:3:4:5:6".parse().unwrap()));
        assert_ne!(network("192.0.2.1".parse().unwrap()), network("192.0.2.2".parse().unwrap()));
    }
}
