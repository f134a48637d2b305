//! Trust rules in the database, and the exchange that they decide. Which rule fits is asked of the database, in the
//! statement that makes the token; the server's secret is said first.

use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{Row, query};
use strongroom_types::{
    ApiToken, NewTrustRule, PageRequest, RequestDetails, RuntimeRole, TokenAction, TokenId, TrustRule, TrustRuleId,
    UserId, WorkloadIdentity,
};

use crate::error::StoreError;
use crate::rows::all_parsed;
use crate::store::{Store, Transaction};

/// How far an exchanged token reaches.
#[derive(Debug)]
pub struct Exchanged {
    /// It lives so long.
    pub lifetime_seconds: i32,
    /// And lets its holder do so much.
    pub actions: Vec<TokenAction>,
}

impl Transaction {
    /// Adds a rule.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] where the caller does not administer the account.
    pub async fn insert_trust_rule(&mut self, account: UserId, new: &NewTrustRule) -> Result<TrustRule, StoreError> {
        let row = query(
            "INSERT INTO strongroom.trust_rules
                 (id, service_account_id, issuer, audience, claims, provider, actions, lifetime_seconds)
             VALUES ($1, $2, $3, $4, $5, $6, $7::text[]::strongroom.token_action[], $8)
             RETURNING id, issuer, audience, claims, provider, actions::text[], lifetime_seconds, created_by, created_at",
        )
        .bind(TrustRuleId::generate().0)
        .bind(account.0)
        .bind(new.issuer.as_str())
        .bind(new.audience.as_str())
        .bind(Json(&new.claims))
        .bind(new.provider.as_ref().map(|provider| provider.as_str()))
        .bind(new.actions.as_slice().iter().map(ToString::to_string).collect::<Vec<_>>())
        .bind(new.lifetime_seconds.seconds())
        .fetch_one(self.connection())
        .await?;
        Ok(rule(&row)?)
    }

    /// The rules of an account, newest first, one more than the page.
    ///
    /// # Errors
    /// As any statement.
    pub async fn trust_rules(
        &mut self,
        account: UserId,
        page: &PageRequest<TrustRuleId>,
    ) -> Result<Vec<TrustRule>, StoreError> {
        let rows = query(
            "SELECT id, issuer, audience, claims, provider, actions::text[], lifetime_seconds, created_by, created_at
             FROM strongroom.trust_rules
             WHERE service_account_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        )
        .bind(account.0)
        .bind(page.cursor.map(|id| id.0))
        .bind(page.limit.with_lookahead())
        .fetch_all(self.connection())
        .await?;
        Ok(rows.iter().map(rule).collect::<Result<_, _>>()?)
    }

    /// Removes a rule. False: the account has none of that id.
    ///
    /// # Errors
    /// As any statement.
    pub async fn delete_trust_rule(&mut self, account: UserId, id: TrustRuleId) -> Result<bool, StoreError> {
        let done = query("DELETE FROM strongroom.trust_rules WHERE id = $1 AND service_account_id = $2")
            .bind(id.0)
            .bind(account.0)
            .execute(self.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

impl Store {
    /// Makes the token, for the account that it names, by the first of the account's rules that fits. None: none fits, or
    /// there is no such account; the former is recorded.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`].
    pub async fn exchange_token(
        &self,
        server_secret: &[u8],
        identity: &WorkloadIdentity,
        token: &ApiToken,
        details: &RequestDetails,
    ) -> Result<Option<Exchanged>, StoreError> {
        let (_, random) = token.expose().split_at(16);
        let rows =
            query("SELECT * FROM strongroom.exchange_token($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::inet, $11)")
                .bind(server_secret)
                .bind(token.user_id().0)
                .bind(&identity.issuer)
                .bind(&identity.subject)
                .bind(&identity.audiences)
                .bind(&identity.claims)
                .bind(TokenId::generate().0)
                .bind(random)
                .bind(details.request_id.0)
                .bind(details.address.map(|address| address.to_string()))
                .bind(details.user_agent.as_ref().map(|agent| agent.as_str()))
                .fetch_all(self.pool(RuntimeRole::App))
                .await?;
        Ok(rows.first().map(exchanged).transpose()?)
    }

    /// Records that somebody brought a token for that account which nobody trusted has signed.
    ///
    /// # Errors
    /// [`StoreError::ServerNotProven`].
    pub async fn record_refused_exchange(
        &self,
        server_secret: &[u8],
        account: UserId,
        details: &RequestDetails,
    ) -> Result<(), StoreError> {
        query("SELECT strongroom.record_refused_exchange($1, $2, 'SUBJECT_TOKEN', NULL, $3, $4::text::inet, $5)")
            .bind(server_secret)
            .bind(account.0)
            .bind(details.request_id.0)
            .bind(details.address.map(|address| address.to_string()))
            .bind(details.user_agent.as_ref().map(|agent| agent.as_str()))
            .fetch_all(self.pool(RuntimeRole::App))
            .await?;
        Ok(())
    }
}

fn exchanged(row: &PgRow) -> Result<Exchanged, sqlx::Error> {
    Ok(Exchanged { lifetime_seconds: row.try_get("lifetime_seconds")?, actions: all_parsed(row, "actions")? })
}

fn rule(row: &PgRow) -> Result<TrustRule, sqlx::Error> {
    let Json(claims) = row.try_get("claims")?;
    Ok(TrustRule {
        id: TrustRuleId(row.try_get("id")?),
        issuer: row.try_get("issuer")?,
        audience: row.try_get("audience")?,
        claims,
        provider: row.try_get("provider")?,
        actions: all_parsed(row, "actions")?,
        lifetime_seconds: row.try_get("lifetime_seconds")?,
        created_by: row.try_get::<Option<_>, _>("created_by")?.map(UserId),
        created_at: row.try_get("created_at")?,
    })
}
