//! How often the common acts ask the database, counted on the wire: each round trip is time that a caller waits.
//! What a refusal takes to explain itself is not counted.

use crate::support::Scene;
use serde_json::json;
use strongroom_service::{IdempotentRequest, Vault};
use strongroom_store::Store;
use strongroom_testing::{Person, Wire};
use strongroom_types::{
    CredentialFilter, CredentialId, IdReference, NewCredential, NewVersion, Purpose, Reference, RuntimeRole,
    WorkspaceId,
};

const APP: RuntimeRole = RuntimeRole::App;

/// Ada's acts, on a server with one connection.
struct Acts {
    vault: Vault,
    ada: Person,
    workspace: WorkspaceId,
}

impl Acts {
    async fn create(
        &self,
        name: &str,
        workspace: Option<WorkspaceId>,
        request: Option<&IdempotentRequest>,
    ) -> CredentialId {
        let mut new = json!({ "name": name, "provider": "github", "type": "API_KEY", "value": "v" });
        if let Some(workspace) = workspace {
            new["workspace_id"] = json!(workspace);
        }
        let new: NewCredential = serde_json::from_value(new).unwrap();
        self.vault.create_credential(&self.ada.caller(), APP, new, request).await.unwrap().credential.id
    }

    async fn list(&self) -> usize {
        let filter: CredentialFilter = serde_json::from_value(json!({})).unwrap();
        self.vault.list_credentials(&self.ada.caller(), APP, &filter).await.unwrap().items.len()
    }

    async fn rotate(&self, id: CredentialId, request: Option<&IdempotentRequest>) -> i32 {
        let new: NewVersion = serde_json::from_value(json!({ "value": "w" })).unwrap();
        self.vault.rotate_credential(&self.ada.caller(), APP, id, None, new, request).await.unwrap().credential.version
    }

    async fn reveal(&self, id: CredentialId) {
        let reference = Reference::Id(IdReference { id, version: None });
        self.vault.reveal_credential(&self.ada.caller(), APP, Purpose::Reveal, reference).await.unwrap();
    }

    /// Each of them once.
    async fn all(&self, run: &str, mut after_each: impl FnMut(&str)) {
        let key = |act: &str| IdempotentRequest {
            key: format!("{act} {run}").try_into().unwrap(),
            content: act.as_bytes().to_vec().into(),
        };
        let id = self.create(run, None, None).await;
        after_each("create");
        self.create(&format!("{run}, keyed"), None, Some(&key("create"))).await;
        after_each("create with a key");
        self.create(run, Some(self.workspace), None).await;
        after_each("create in a workspace");
        self.create(&format!("{run}, keyed"), Some(self.workspace), Some(&key("create in a workspace"))).await;
        after_each("create in a workspace with a key");
        self.list().await;
        after_each("list");
        self.vault.credential(&self.ada.caller(), APP, id).await.unwrap();
        after_each("look");
        assert_eq!(self.rotate(id, None).await, 2);
        after_each("rotate");
        assert_eq!(self.rotate(id, Some(&key("rotate"))).await, 3);
        after_each("rotate with a key");
        assert_eq!(self.rotate(id, Some(&key("rotate"))).await, 3);
        after_each("rotate again with that key");
        self.reveal(id).await;
        after_each("reveal");
    }
}

#[tokio::test]
async fn a_reveal_a_list_and_a_create_are_one_round_trip_and_a_rotation_two() {
    let scene = Scene::new().await;
    let ada = Person::create(&scene.database, "ada").await;
    let app = scene.database.sql("strongroom_app").await;
    ada.begin(&app).await;
    let workspace = ada.insert_workspace(&app, "team").await;
    app.batch_execute("COMMIT").await.unwrap();

    let wire = Wire::listen(&scene.database);
    let (through, past) = (wire.url(&scene.database, "strongroom_app"), scene.database.url("strongroom_system"));
    let vault = scene.server_on(Store::connect(&through, &past, 1).await.unwrap()).await;
    let acts = Acts { vault, ada, workspace };
    // The first of each prepares its statement.
    acts.all("first", |_| {}).await;
    wire.take_round_trips();
    let mut counted = Vec::new();
    acts.all("second", |act| counted.push(format!("{act}: {}", wire.take_round_trips()))).await;
    assert_eq!(
        counted,
        [
            "create: 1",
            "create with a key: 1",
            "create in a workspace: 1",
            "create in a workspace with a key: 1",
            "list: 1",
            "look: 1",
            "rotate: 2",
            "rotate with a key: 2",
            "rotate again with that key: 2",
            "reveal: 1",
        ]
    );
    assert_eq!(acts.list().await, 8);
}
