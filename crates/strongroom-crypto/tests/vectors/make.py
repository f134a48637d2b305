"""Makes the files beside it: known answers of the envelope format, from docs/envelope.md alone and with another
implementation of AES-GCM and Ed25519 (PyPI: cryptography), so that the format is what its specification says.
Run once per format version; the files are checked in and never change."""
import base64, hashlib, json, pathlib, struct, uuid
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

here = pathlib.Path(__file__).parent
key_id, kek = "local-vectors", bytes(range(32))
(here / "keys.json").write_text(json.dumps(
    {"version": 1, "current": key_id, "keys": [{"id": key_id, "key": base64.b64encode(kek).decode()}]}, indent=2) + "\n")

def associated_data(purpose, key, subject):
    fields = [purpose, b"\x01\x01", key, *subject]
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)

def seal(subject, plaintext, data_key, wrap_nonce, nonce):
    wrapped = wrap_nonce + AESGCM(kek).encrypt(
        wrap_nonce, data_key, associated_data(b"strongroom data key", key_id.encode(), subject))
    sealed = AESGCM(data_key).encrypt(nonce, plaintext, associated_data(b"strongroom value", b"", subject))
    body = b"\x01" + bytes([len(key_id)]) + key_id.encode() + struct.pack(">H", len(wrapped)) + wrapped + nonce + sealed
    return "strongroom:v1:" + base64.urlsafe_b64encode(body).decode().rstrip("=")

def row_fields(row):
    return [row["credential_id"].bytes, row["owner_id"].bytes, row["workspace_id"].bytes if row["workspace_id"] else b"",
            row["scope"].encode(), struct.pack(">i", row["version"])]

rows = [
    ({"scope": "USER", "workspace_id": None, "version": 1}, "ghp_not-a-real-token"),
    ({"scope": "WORKSPACE", "workspace_id": uuid.UUID(int=0xb1), "version": 7}, "p\u00e4sswort \U0001f511"),
    ({"scope": "SYSTEM", "workspace_id": None, "version": 2147483647}, "x"),
]
vectors = []
for n, (row, plaintext) in enumerate(rows, 1):
    row = {"credential_id": uuid.UUID(int=0xc0 + n), "owner_id": uuid.UUID(int=0xa0 + n), **row}
    envelope = seal(row_fields(row), plaintext.encode(), bytes([n] * 32), bytes([16 + n] * 12), bytes([32 + n] * 12))
    vectors.append({name: str(v) if isinstance(v, uuid.UUID) else v for name, v in row.items()}
                   | {"plaintext": plaintext, "envelope": envelope})
(here / "envelopes.json").write_text(json.dumps(vectors, indent=2) + "\n")

def verifier_key(seed):
    """C2SP signed-note: name, first four bytes of a hash, algorithm 1 and the key. The name is of the key."""
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    name = "strongroom/" + hashlib.sha256(public).hexdigest()[:16]
    key = b"\x01" + public
    key_hash = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{key_hash}+{base64.b64encode(key).decode()}"

server_secret, seed = bytes(range(64, 96)), bytes(range(96, 128))
field = {"key": "ACCOUNT_TOKENS", "table": "accounts", "column": "refresh_token", "row": "r\u00f6w/1"}
others = [
    ({"subject": "server secret"}, [b"server secret"], "FEDERATION", server_secret, {"plaintext": server_secret.hex()}),
    ({"subject": "record key"}, [b"record key"], "FEDERATION", seed, {"verifier_key": verifier_key(seed)}),
    ({"subject": "field"} | field, [b"field", *(name.encode() for name in field.values())], field["key"],
     b"1//not-a-real-token", {"plaintext": "1//not-a-real-token"}),
]
vectors = []
for n, (names, subject, transit_key, plaintext, answer) in enumerate(others, 4):
    transit = associated_data(b"strongroom data key", f"transit:{transit_key}".encode(), subject)
    envelope = seal(subject, plaintext, bytes([n] * 32), bytes([16 + n] * 12), bytes([32 + n] * 12))
    vectors.append(names | answer | {"envelope": envelope, "transit_associated_data": transit.hex()})
(here / "other-subjects.json").write_text(json.dumps(vectors, indent=2) + "\n")
