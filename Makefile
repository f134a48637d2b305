# What a newcomer needs: `make up` runs Strongroom on its embedded PostgreSQL, `make test` passes the tests. Both install
# what they lack, and say so (scripts/setup). The others are a maintainer's.

# What the tests need, in the one shape that all of them share: another choice of packages has other features, and is built anew.
BUILD = cargo build --locked --workspace --bins --tests

.PHONY: up web test test-api test-web film test-versions fuzz lint bless bench bench-context audit

up:
	@scripts/setup run
	@if scripts/has-node; then $(MAKE) --no-print-directory web; fi
	cargo build --release --locked --bin strongroom
	target/release/strongroom serve

# The pages, which the binary then has in it. Without them it serves the API, and says so.
web:
	npm ci --prefix web --no-audit --no-fund
	npm run build --prefix web

test:
	@scripts/setup test
	@$(MAKE) --no-print-directory web
	$(BUILD)
	npm ci --prefix prisma --no-audit --no-fund
	npm ci --prefix crates/strongroom-server/tests/oidc-provider --no-audit --no-fund
	scripts/with-postgres npm test --prefix prisma
	scripts/with-postgres cargo nextest run --locked --workspace
	cargo test --locked --doc --workspace
	@$(MAKE) --no-print-directory test-api
	@$(MAKE) --no-print-directory test-web

# openapi.json against the running server: the typed client that is made from it, and schemathesis.
test-api:
	@scripts/setup test
	$(BUILD)
	npm ci --prefix clients/typescript --no-audit --no-fund
	scripts/with-postgres npm test --prefix clients/typescript
	scripts/with-postgres tests/schemathesis/run

# The pages, in a real browser, against the running server; an unoptimized binary reads them from web/dist.
test-web:
	@scripts/setup test
	@$(MAKE) --no-print-directory web
	$(BUILD)
	npm ci --prefix crates/strongroom-server/tests/oidc-provider --no-audit --no-fund
	scripts/with-postgres npm test --prefix web

# The film and the pictures of the README: after a change of pages or words. Look at what it made.
film:
	@scripts/setup test
	@$(MAKE) --no-print-directory web
	cargo build --release --locked --bin strongroom
	npm ci --prefix docs/film --no-audit --no-fund
	npm run make --prefix docs/film

# Whatever stands where an envelope, a token, a key file or a checkpoint should be; 20 seconds each.
fuzz:
	@scripts/setup fuzz
	scripts/fuzz

lint:
	@scripts/setup lint
	cargo fmt --all --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	cargo clippy --locked --workspace --all-targets -- -D warnings
	cargo deny --locked check bans licenses sources

# The store and the rules on PostgreSQL 16, 17 and 18 as well.
test-versions:
	@scripts/setup test
	scripts/on-every-postgres

# Known vulnerabilities; apart from lint, because it needs the advisory database from the network.
audit:
	@scripts/setup lint
	cargo deny --locked check advisories

# Writes the checked-in snapshots anew, after a change of schema, help or statuses: read the difference.
bless:
	@scripts/setup test
	npm ci --prefix crates/strongroom-server/tests/oidc-provider --no-audit --no-fund
	STRONGROOM_BLESS=1 scripts/with-postgres cargo nextest run --workspace \
		-E 'test(posture_txt) + test(configuration_md) + test(openapi_json)'
	npm ci --prefix clients/typescript --no-audit --no-fund
	npm run generate --prefix clients/typescript
	INSTA_UPDATE=always TRYCMD=overwrite scripts/with-postgres cargo nextest run --workspace

# Everything side by side, with its goals (bench/README.md): half an hour on a machine that does nothing else. Some of it:
# bench/run --quick, bench/run reveal.
bench:
	@scripts/setup bench
	bench/run

# The figures of docs/adr/0001-caller-context.md.
bench-context:
	@scripts/setup test
	scripts/with-postgres bash -c 'PATH=$$STRONGROOM_TEST_PGBIN:$$PATH PGHOST=$$STRONGROOM_TEST_PGHOST PGUSER=postgres PGDATABASE=postgres bench/context/run.sh'
