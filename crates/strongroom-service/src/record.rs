//! Sealing the record: the rows that have become final go into its Merkle tree, and the tree's root is signed. And cutting off
//! what the settings do not keep, by a signed statement. Never decides what goes, and never goes on from a tree that it did
//! not sign itself.

use strongroom_crypto::{
    Checkpoint, KeyProvider, MerkleTree, NoteError, RecordKey, ServerSecret, Statement, leaf_hash,
};
use strongroom_store::Store;
use strongroom_types::{Caller, RecordState, RuntimeRole, TreeState};

use crate::error::ServiceError;
use crate::vault::Vault;

/// As many as begin_sealing() hands out at once (migration 0062).
const FULL_BATCH: usize = 10_000;

impl Vault {
    /// How far the record is sealed.
    ///
    /// # Errors
    /// The store's `Forbidden` where the caller is no administrator.
    pub async fn record_state(&self, caller: &Caller) -> Result<RecordState, ServiceError> {
        let mut transaction = self.store.begin_full(caller, RuntimeRole::System).await?;
        let state = transaction.record_state().await?;
        transaction.commit().await?;
        Ok(state)
    }

    /// Seals what there is to seal; returns the note of each checkpoint, for a place where the database's owner cannot
    /// reach it. An empty list: there was nothing, or another server is at it. For the server itself: there is no caller.
    ///
    /// # Errors
    /// [`ServiceError::RecordNotOurs`] where the last checkpoint is not what was signed; and as the store's.
    pub async fn seal_record(&self) -> Result<Vec<String>, ServiceError> {
        let mut notes = Vec::new();
        while let Some((note, rows)) = self.seal_batch().await? {
            notes.push(note);
            // What comes meanwhile is for the next time: else, under load, there were a checkpoint for every few rows.
            if rows < FULL_BATCH {
                break;
            }
        }
        Ok(notes)
    }

    async fn seal_batch(&self) -> Result<Option<(String, usize)>, ServiceError> {
        let secret = self.server_secret.expose();
        let Some(sealing) = self.store.begin_sealing(secret).await? else { return Ok(None) };
        let mut tree = match &sealing.tree {
            Some(state) => self.own_tree(state)?,
            None => MerkleTree::default(),
        };
        let mut marks = Vec::with_capacity(8 * sealing.rows.len());
        for row in &sealing.rows {
            let leaf = leaf_hash(&row.bytes());
            marks.extend_from_slice(leaf.first_chunk::<8>().unwrap_or(&[0; 8]));
            tree.push(leaf);
        }
        let note = self.record_key.sign(Statement::Sealed, &checkpoint(&tree));
        let state = TreeState { frontier: tree.frontier(), note: note.clone() };
        let rows = sealing.rows.len();
        let ids = sealing.seal(secret, tree.size(), &marks, &state).await?;
        // The seal stands, whatever becomes of this; what is not noted is noted with the next use.
        if let Err(error) = self.store.note_uses(secret, &ids).await {
            tracing::warn!(%error, "when credentials were last used could not be noted");
        }
        Ok(Some((note, rows)))
    }

    /// Removes from the record what the settings do not keep; returns how many rows went. For the server itself: there
    /// is no caller.
    ///
    /// # Errors
    /// As the store's; what was removed before stays removed.
    pub async fn purge_record(&self) -> Result<u64, ServiceError> {
        let secret = self.server_secret.expose();
        let mut all = 0;
        while let Some(purge) = self.store.begin_purge(secret).await? {
            let checkpoint = checkpoint(&self.own_tree(&purge.tree)?);
            let note = self.record_key.sign(Statement::Cut, &checkpoint);
            all += purge.cut(secret, checkpoint.size, &note).await?;
        }
        Ok(all)
    }

    /// The tree that the database says there is, if this vault has signed it: else its owner could have the server sign
    /// another past.
    fn own_tree(&self, state: &TreeState) -> Result<MerkleTree, ServiceError> {
        let verifier = self.record_key.verifier();
        let signed = match verifier.verify(Statement::Sealed, &state.note) {
            Err(NoteError::Malformed) => verifier.verify(Statement::Cut, &state.note),
            other => other,
        };
        let signed = signed.map_err(|_| ServiceError::RecordNotOurs)?;
        MerkleTree::resume(signed.size, &state.frontier)
            .filter(|tree| checkpoint(tree) == signed)
            .ok_or(ServiceError::RecordNotOurs)
    }
}

pub(crate) fn checkpoint(tree: &MerkleTree) -> Checkpoint {
    Checkpoint { size: tree.size(), root: tree.root() }
}

/// The key that signs: the first server's, which makes it.
pub(crate) async fn record_key(
    store: &Store,
    keys: &KeyProvider,
    secret: &ServerSecret,
) -> Result<RecordKey, ServiceError> {
    loop {
        if let Some(envelope) = store.record_key_envelope().await? {
            return Ok(keys.open_record_key(&envelope).await?);
        }
        let key = RecordKey::generate()?;
        let envelope = keys.seal_record_key(&key).await?;
        if store.establish_record_key(secret.expose(), &envelope, &key.verifier().to_string()).await? {
            return Ok(key);
        }
    }
}
