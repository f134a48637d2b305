//! A person with a live API token, and what he does in SQL.
//! Put in place by a superuser, as no test of the product may be.

use strongroom_types::{ApiToken, Caller, CredentialId, RequestId, UserId, WorkspaceId};
use uuid::Uuid;

use crate::database::{Sql, TestDatabase};

/// Somebody whom the database knows.
pub struct Person {
    pub id: UserId,
    pub token: ApiToken,
}

impl Person {
    /// Puts a person and his token in place, as only a superuser can.
    pub async fn create(database: &TestDatabase, name: &str) -> Self {
        Self::insert(database, name, false).await
    }

    /// An instance administrator.
    pub async fn create_admin(database: &TestDatabase, name: &str) -> Self {
        Self::insert(database, name, true).await
    }

    /// That user, with a new token that the database does not know yet.
    pub fn with_new_token(id: UserId) -> Self {
        Self { id, token: ApiToken::new(id, &strongroom_crypto::random_bytes().unwrap()) }
    }

    /// This person by another token, with those limits: its actions, workspace and provider, in SQL.
    pub async fn limited(&self, database: &TestDatabase, limits: &str) -> Self {
        let limited = Self::with_new_token(self.id);
        let insert = format!(
            "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at, actions, workspace_id, provider)
             SELECT gen_random_uuid(), $1, 'limited', sha256($2), now() + interval '1 day', {limits} RETURNING id"
        );
        let postgres = database.sql("postgres").await;
        // Without the guards, which ask for a caller, and the trigger that would note the token.
        postgres.batch_execute("SET session_replication_role = replica").await.unwrap();
        let id: Uuid = postgres.query_one(&insert, &[&self.id.0, &limited.token.expose()]).await.unwrap().get(0);
        postgres.execute("INSERT INTO strongroom.token_uses (token_id) VALUES ($1)", &[&id]).await.unwrap();
        limited
    }

    async fn insert(database: &TestDatabase, name: &str, is_admin: bool) -> Self {
        let Self { id, token } = Self::with_new_token(UserId::generate());
        let postgres = database.sql("postgres").await;
        postgres
            .execute(
                "INSERT INTO strongroom.users (id, email, display_name, is_admin) VALUES ($1, $2, $3, $4)",
                &[&id.0, &format!("{name}@example.org"), &name, &is_admin],
            )
            .await
            .unwrap();
        postgres
            .execute(
                "INSERT INTO strongroom.api_tokens (id, user_id, name, token_hash, expires_at)
                 VALUES ($1, $2, 'test', sha256($3), now() + interval '1 day')",
                &[&Uuid::now_v7(), &id.0, &token.expose()],
            )
            .await
            .unwrap();
        Self { id, token }
    }

    /// This person as the sender of a request.
    pub fn caller(&self) -> Caller {
        Caller { token: self.token.clone(), request_id: RequestId::generate(), address: None, user_agent: None }
    }

    /// Begins a transaction on that connection and proves this person in it.
    pub async fn begin(&self, sql: &Sql) {
        sql.batch_execute("BEGIN").await.unwrap();
        sql.execute("SELECT strongroom.prove_caller($1)", &[&self.token.expose()]).await.unwrap();
    }

    /// Adds a personal credential in SQL, in the transaction that is open.
    pub async fn insert_credential(&self, sql: &Sql, name: &str) -> CredentialId {
        let id = CredentialId::generate();
        sql.execute(
            "INSERT INTO strongroom.user_credentials (id, user_id, name, provider, type, encrypted_value, masked_value)
             VALUES ($1, $2, $3, 'github', 'API_KEY', 'sealed', '****')",
            &[&id.0, &self.id.0, &name],
        )
        .await
        .unwrap();
        id
    }

    /// Adds a personal credential in a transaction of its own.
    pub async fn keep(&self, sql: &Sql, name: &str) -> CredentialId {
        self.begin(sql).await;
        let id = self.insert_credential(sql, name).await;
        sql.batch_execute("COMMIT").await.unwrap();
        id
    }

    /// Makes a workspace in SQL, in the transaction that is open; this person becomes its OWNER.
    pub async fn insert_workspace(&self, sql: &Sql, name: &str) -> WorkspaceId {
        let id = WorkspaceId::generate();
        sql.execute(
            "INSERT INTO strongroom.workspaces (id, name, created_by) VALUES ($1, $2, $3)",
            &[&id.0, &name, &self.id.0],
        )
        .await
        .unwrap();
        id
    }

    /// Makes a service account in SQL, in the transaction that is open.
    pub async fn insert_service_account(&self, sql: &Sql, workspace: WorkspaceId, name: &str) -> UserId {
        let id = UserId::generate();
        sql.execute(
            "INSERT INTO strongroom.users (id, display_name, workspace_id) VALUES ($1, $2, $3)",
            &[&id.0, &name, &workspace.0],
        )
        .await
        .unwrap();
        id
    }

    /// Adds a workspace's credential in SQL, in the transaction that is open.
    pub async fn insert_workspace_credential(&self, sql: &Sql, workspace: WorkspaceId, name: &str) -> CredentialId {
        let id = CredentialId::generate();
        sql.execute(
            "INSERT INTO strongroom.user_credentials
                 (id, user_id, workspace_id, scope, name, provider, type, encrypted_value, masked_value)
             VALUES ($1, $2, $3, 'WORKSPACE', $4, 'github', 'API_KEY', 'sealed', '****')",
            &[&id.0, &self.id.0, &workspace.0, &name],
        )
        .await
        .unwrap();
        id
    }
}
