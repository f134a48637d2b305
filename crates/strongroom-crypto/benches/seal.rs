//! How long it takes to seal a value of forty bytes under a key file, and to open it.
//! As the server does it: a data key of its own, wrapped, and both bound to the row. On one core, and on all of them.
#![allow(clippy::unwrap_used, reason = "measures, and is no product")]

use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use strongroom_crypto::{KeyProtection, KeyProvider, KeyRing};
use strongroom_types::{Binding, CredentialId, CredentialScope, SecretValue, UserId};
use tokio::runtime::Builder;

fn seal_and_open(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyProvider::local(KeyRing::create(&folder.path().join("keys.json"), &KeyProtection::Mode).unwrap());
    let binding = Binding {
        credential_id: CredentialId::generate(),
        owner_id: UserId::generate(),
        workspace_id: None,
        scope: CredentialScope::User,
        version: 1,
    };
    let value = SecretValue::new("ghp_0123456789abcdefghijklmnopqrstuvwxyz".into()).unwrap();
    let envelope = runtime.block_on(keys.seal(&binding, &value)).unwrap();
    criterion.bench_function("seal", |bencher| bencher.to_async(&runtime).iter(|| keys.seal(&binding, &value)));
    criterion.bench_function("open", |bencher| bencher.to_async(&runtime).iter(|| keys.open(&binding, &envelope)));
    criterion.bench_function("seal-on-all-cores", |bencher| {
        bencher.iter_custom(|times| on_all_cores(times, async || drop(keys.seal(&binding, &value).await.unwrap())));
    });
    criterion.bench_function("open-on-all-cores", |bencher| {
        bencher.iter_custom(|times| on_all_cores(times, async || drop(keys.open(&binding, &envelope).await.unwrap())));
    });
}

/// What so many take where each core does as many: the time of one core's, by the number of cores.
#[allow(clippy::disallowed_methods, reason = "measures")]
fn on_all_cores(times: u64, act: impl AsyncFn() + Sync) -> Duration {
    let cores = thread::available_parallelism().unwrap().get();
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                Builder::new_current_thread().build().unwrap().block_on(async {
                    for _ in 0..times {
                        act().await;
                    }
                });
            });
        }
    });
    began.elapsed() / u32::try_from(cores).unwrap()
}

criterion_group!(benches, seal_and_open);
criterion_main!(benches);
