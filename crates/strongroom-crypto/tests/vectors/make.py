"""Makes keys.json and envelopes.json beside it: known answers of the envelope format, from docs/envelope.md alone and
with another implementation of AES-GCM (PyPI: cryptography), so that the format is what its specification says.
Run once per format version; the files are checked in and never change."""
import base64, json, pathlib, struct, uuid
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

here = pathlib.Path(__file__).parent
key_id, kek = "local-vectors", bytes(range(32))
(here / "keys.json").write_text(json.dumps(
    {"version": 1, "current": key_id, "keys": [{"id": key_id, "key": base64.b64encode(kek).decode()}]}, indent=2) + "\n")

def associated_data(purpose, key, row):
    fields = [purpose, b"\x01\x01", key, row["credential_id"].bytes, row["owner_id"].bytes,
              row["workspace_id"].bytes if row["workspace_id"] else b"", row["scope"].encode(),
              struct.pack(">i", row["version"])]
    return b"".join(struct.pack(">I", len(field)) + field for field in fields)

def seal(row, plaintext, data_key, wrap_nonce, nonce):
    wrapped = wrap_nonce + AESGCM(kek).encrypt(
        wrap_nonce, data_key, associated_data(b"strongroom data key", key_id.encode(), row))
    sealed = AESGCM(data_key).encrypt(nonce, plaintext.encode(), associated_data(b"strongroom value", b"", row))
    body = b"\x01" + bytes([len(key_id)]) + key_id.encode() + struct.pack(">H", len(wrapped)) + wrapped + nonce + sealed
    return "strongroom:v1:" + base64.urlsafe_b64encode(body).decode().rstrip("=")

rows = [
    ({"scope": "USER", "workspace_id": None, "version": 1}, "ghp_not-a-real-token"),
    ({"scope": "WORKSPACE", "workspace_id": uuid.UUID(int=0xb1), "version": 7}, "p\u00e4sswort \U0001f511"),
    ({"scope": "SYSTEM", "workspace_id": None, "version": 2147483647}, "x"),
]
vectors = []
for n, (row, plaintext) in enumerate(rows, 1):
    row = {"credential_id": uuid.UUID(int=0xc0 + n), "owner_id": uuid.UUID(int=0xa0 + n), **row}
    envelope = seal(row, plaintext, bytes([n] * 32), bytes([16 + n] * 12), bytes([32 + n] * 12))
    vectors.append({name: str(v) if isinstance(v, uuid.UUID) else v for name, v in row.items()}
                   | {"plaintext": plaintext, "envelope": envelope})
(here / "envelopes.json").write_text(json.dumps(vectors, indent=2) + "\n")
