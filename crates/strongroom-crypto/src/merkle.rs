//! The Merkle tree of the record (RFC 6962, section 2.1; RFC 9162): as much of it as is needed to append and to know the root.
//! It keeps a hash for each perfect subtree and never a leaf, so that its memory does not grow with the record.

use aws_lc_rs::digest::{Context, SHA256, digest};

/// A SHA-256.
pub type Hash = [u8; 32];

/// A tree that grows at its right end: the roots of its perfect subtrees, the largest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MerkleTree {
    size: u64,
    frontier: Vec<Hash>,
}

impl MerkleTree {
    /// The tree of that size with that frontier, as [`Self::frontier`] wrote it; None: there is no such tree. Whether it is
    /// the one that was meant, its root tells.
    pub fn resume(size: u64, frontier: &[u8]) -> Option<Self> {
        let (hashes, rest) = frontier.as_chunks::<32>();
        let fits = rest.is_empty() && u32::try_from(hashes.len()).ok()? == size.count_ones();
        fits.then(|| Self { size, frontier: hashes.to_vec() })
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        // Each perfect subtree on the right becomes one with its left neighbour of the same size, as a binary counter carries.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.frontier.push(node);
        self.size += 1;
    }

    /// How many leaves it has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The hash of the whole tree.
    pub fn root(&self) -> Hash {
        let from_the_right = self.frontier.iter().copied().rev().reduce(|right, left| node_hash(&left, &right));
        from_the_right.unwrap_or_else(|| sha256(&[]))
    }

    /// What [`Self::resume`] reads.
    pub fn frontier(&self) -> Vec<u8> {
        self.frontier.concat()
    }
}

/// The hash of an entry as a leaf. Leaves and nodes are told apart by their first byte.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[0]);
    context.update(entry);
    to_hash(context.finish().as_ref())
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut context = Context::new(&SHA256);
    context.update(&[1]);
    context.update(left);
    context.update(right);
    to_hash(context.finish().as_ref())
}

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    to_hash(digest(&SHA256, bytes).as_ref())
}

fn to_hash(bytes: &[u8]) -> Hash {
    let mut hash = [0; 32];
    hash.copy_from_slice(bytes);
    hash
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use proptest::prelude::*;

    use super::*;

    fn tree(entries: &[&str]) -> MerkleTree {
        let mut tree = MerkleTree::default();
        entries.iter().for_each(|entry| tree.push(leaf_hash(&HEXLOWER.decode(entry.as_bytes()).unwrap())));
        tree
    }

    /// The leaves and roots of the Certificate Transparency reference (google/certificate-transparency,
    /// cpp/merkletree/merkle_tree_test.cc).
    #[test]
    fn roots_are_those_of_the_reference() {
        let entries =
            ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        for (size, root) in [
            (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
            (2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"),
            (3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"),
            (4, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
            (5, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"),
            (6, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"),
            (7, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"),
            (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
        ] {
            assert_eq!(HEXLOWER.encode(&tree(&entries[..size]).root()), root, "{size}");
        }
    }

    proptest! {
        #[test]
        fn a_resumed_tree_grows_as_the_whole_one(before in 0..70_u8, after in 0..70_u8) {
            let mut whole = MerkleTree::default();
            (0..before).for_each(|n| whole.push(leaf_hash(&[n])));
            let mut resumed = MerkleTree::resume(u64::from(before), &whole.frontier()).unwrap();
            for n in 0..after {
                whole.push(leaf_hash(&[n, n]));
                resumed.push(leaf_hash(&[n, n]));
            }
            prop_assert_eq!(whole.root(), resumed.root());
        }
    }

    #[test]
    fn a_frontier_of_another_size_is_none() {
        let frontier = tree(&["00", "10", "2021"]).frontier();
        assert!(MerkleTree::resume(3, &frontier).is_some());
        assert!(MerkleTree::resume(4, &frontier).is_none());
        assert!(MerkleTree::resume(3, &frontier[1..]).is_none());
    }
}
