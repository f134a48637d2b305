-- The record as a transparency log (docs/adr/0008-tamper-evident-record.md): every second, the server hashes the rows that have
-- become final into a Merkle tree and signs its root. Inserts wait for nothing: rows get their order when they are sealed.

-- The transaction that wrote the row: below pg_snapshot_xmin() it has ended, and no more of its rows will come. Of rows
-- from before, nobody knows. No runtime role can say it: none inserts.
ALTER TABLE strongroom.activity_logs ADD COLUMN transaction_id xid8 NOT NULL DEFAULT '0';
ALTER TABLE strongroom.activity_logs ALTER COLUMN transaction_id SET DEFAULT pg_current_xact_id();
-- Partial, so that rows from before cost nothing; they are sealed by their ids.
CREATE INDEX activity_logs_transaction ON strongroom.activity_logs (transaction_id, id) WHERE transaction_id > '0';

-- The key that signs, sealed under the key ring: who owns the database cannot sign.
CREATE TABLE strongroom.record_keys (
    -- There is one.
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    envelope text NOT NULL CHECK (octet_length(envelope) BETWEEN 1 AND 10000),
    -- For people. Whoever verifies takes it from his own notes, or from the envelope.
    verifier_key text NOT NULL CHECK (octet_length(verifier_key) BETWEEN 1 AND 200),
    created_at timestamptz NOT NULL DEFAULT now()
);
-- A batch of rows, sealed. What is not signed here (ids, marks, frontier) is checked against the root, which is.
CREATE TABLE strongroom.record_checkpoints (
    -- How many rows the tree has at its end.
    size bigint PRIMARY KEY CHECK (size > 0),
    -- The batch's rows, in the order of their leaves, and between which ids they are.
    record_ids bigint[] NOT NULL CHECK (cardinality(record_ids) BETWEEN 1 AND 10000),
    first_id bigint NOT NULL,
    last_id bigint NOT NULL,
    -- The first eight bytes of each leaf's hash: they tell which row of the batch was changed.
    marks bytea NOT NULL CHECK (octet_length(marks) = 8 * cardinality(record_ids)),
    -- The roots of the tree's perfect subtrees, left to right: all that is needed to go on from here.
    frontier bytea NOT NULL CHECK (octet_length(frontier) BETWEEN 32 AND 2048),
    -- Origin, size and root, signed (C2SP signed-note, tlog-checkpoint).
    note text NOT NULL CHECK (octet_length(note) BETWEEN 1 AND 1000),
    -- The latest occurred_at of the batch, for the retention.
    newest_at timestamptz NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- What the retention has cut off: the tree's beginning, up to that size, by a statement that the server signed.
CREATE TABLE strongroom.record_cuts (
    size bigint PRIMARY KEY CHECK (size > 0),
    frontier bytea NOT NULL CHECK (octet_length(frontier) BETWEEN 32 AND 2048),
    note text NOT NULL CHECK (octet_length(note) BETWEEN 1 AND 1000),
    cut_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- How far sealing is. A hint: forged, it delays rows or offers them twice, and verification tells.
CREATE TABLE strongroom.record_sealing (
    -- There is one row; whoever locks it is the one who seals.
    id boolean PRIMARY KEY DEFAULT true CHECK (id),
    -- Of the cluster that the transaction ids are of. NULL: not begun.
    system_identifier bigint,
    -- The last row that was sealed, in the order in which they are.
    transaction_id xid8 NOT NULL DEFAULT '0',
    record_id bigint NOT NULL DEFAULT 0,
    -- Rows up to here may have transaction ids of an earlier cluster (or none): they are sealed by their ids, and by theirs
    -- only if they have not been.
    boundary bigint NOT NULL DEFAULT 0,
    -- How far these are; NULL: all are done.
    backlog_after bigint
);
INSERT INTO strongroom.record_sealing DEFAULT VALUES;

ALTER TABLE strongroom.record_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.record_keys FORCE ROW LEVEL SECURITY;
ALTER TABLE strongroom.record_checkpoints ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.record_checkpoints FORCE ROW LEVEL SECURITY;
ALTER TABLE strongroom.record_cuts ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.record_cuts FORCE ROW LEVEL SECURITY;
ALTER TABLE strongroom.record_sealing ENABLE ROW LEVEL SECURITY;
ALTER TABLE strongroom.record_sealing FORCE ROW LEVEL SECURITY;
-- For the functions below and those of 0063, which run as the owner.
CREATE POLICY owner_reads ON strongroom.record_keys FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.record_keys FOR INSERT TO strongroom_owner WITH CHECK (true);
CREATE POLICY owner_reads ON strongroom.record_checkpoints FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.record_checkpoints FOR INSERT TO strongroom_owner WITH CHECK (true);
CREATE POLICY owner_reads ON strongroom.record_cuts FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_inserts ON strongroom.record_cuts FOR INSERT TO strongroom_owner WITH CHECK (true);
CREATE POLICY owner_reads ON strongroom.record_sealing FOR SELECT TO strongroom_owner USING (true);
CREATE POLICY owner_updates ON strongroom.record_sealing FOR UPDATE TO strongroom_owner USING (true) WITH CHECK (true);
-- Whoever verifies.
CREATE POLICY auditor_reads ON strongroom.record_keys FOR SELECT TO strongroom_auditor USING (true);
CREATE POLICY auditor_reads ON strongroom.record_checkpoints FOR SELECT TO strongroom_auditor USING (true);
CREATE POLICY auditor_reads ON strongroom.record_cuts FOR SELECT TO strongroom_auditor USING (true);
CREATE POLICY auditor_reads ON strongroom.record_sealing FOR SELECT TO strongroom_auditor USING (true);
GRANT SELECT ON strongroom.record_keys, strongroom.record_checkpoints, strongroom.record_cuts, strongroom.record_sealing
TO strongroom_auditor;

-- The sealed key that signs, or NULL where no server has made one.
CREATE FUNCTION strongroom.record_key_envelope() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT k.envelope FROM strongroom.record_keys AS k);
END $$;

-- Keeps the key of the first server that comes; false for every later one, which is to open the first one's.
CREATE FUNCTION strongroom.establish_record_key(server_secret bytea, envelope text, verifier_key text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    INSERT INTO strongroom.record_keys (envelope, verifier_key) VALUES (envelope, verifier_key) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END $$;

-- Where the tree is: its last checkpoint, or the cut where all of them were cut off. No row: it is empty.
CREATE FUNCTION strongroom.record_tip(server_secret bytea) RETURNS TABLE (frontier bytea, note text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    RETURN QUERY SELECT t.frontier, t.note FROM (
        (SELECT c.size, c.frontier, c.note FROM strongroom.record_checkpoints AS c ORDER BY c.size DESC LIMIT 1)
        UNION ALL
        (SELECT k.size, k.frontier, k.note FROM strongroom.record_cuts AS k ORDER BY k.size DESC LIMIT 1)
    ) AS t ORDER BY t.size DESC LIMIT 1;
END $$;

-- The ids of final rows that are to be sealed next, in their order, 10 000 at most; NULL: another server is at it. Until the
-- transaction ends, nobody else gets any.
CREATE FUNCTION strongroom.begin_sealing(server_secret bytea) RETURNS bigint[]
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Of a snapshot that is older than those below: what had ended then is visible to them.
    horizon constant xid8 := pg_snapshot_xmin(pg_current_snapshot());
    cluster constant bigint := (SELECT system_identifier FROM pg_control_system());
    state strongroom.record_sealing;
    candidates bigint[];
    ids bigint[];
BEGIN
    PERFORM strongroom.require_server(server_secret);
    SELECT s.* INTO state FROM strongroom.record_sealing AS s FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- The first time, and after a restore into another cluster, where transaction ids began anew: what is there is sealed by
    -- its ids, as far as it is not, and what is on its way then comes by its transaction's.
    IF state.system_identifier IS DISTINCT FROM cluster THEN
        state.boundary := coalesce((SELECT max(l.id) FROM strongroom.activity_logs AS l), 0);
        state.backlog_after := 0;
        UPDATE strongroom.record_sealing AS s SET system_identifier = cluster, transaction_id = horizon, record_id = 0,
            boundary = state.boundary, backlog_after = 0;
        state.transaction_id := horizon;
        state.record_id := 0;
    END IF;
    WHILE state.backlog_after IS NOT NULL LOOP
        candidates := ARRAY(SELECT l.id FROM strongroom.activity_logs AS l
                            WHERE l.id > state.backlog_after AND l.id <= state.boundary ORDER BY l.id LIMIT 10000);
        ids := ARRAY(SELECT c.id FROM unnest(candidates) AS c (id) WHERE c.id NOT IN (
                         SELECT unnest(p.record_ids) FROM strongroom.record_checkpoints AS p
                         WHERE p.last_id >= candidates[1] AND p.first_id <= candidates[cardinality(candidates)])
                     ORDER BY c.id);
        state.backlog_after := candidates[cardinality(candidates)];
        UPDATE strongroom.record_sealing AS s SET backlog_after = state.backlog_after;
        IF cardinality(ids) > 0 THEN
            RETURN ids;
        END IF;
    END LOOP;
    ids := ARRAY(SELECT l.id FROM strongroom.activity_logs AS l
                 WHERE (l.transaction_id, l.id) > (state.transaction_id, state.record_id) AND l.transaction_id < horizon
                   AND l.transaction_id > '0'
                   AND (l.id > state.boundary OR NOT EXISTS (
                       SELECT FROM strongroom.record_checkpoints AS p
                       WHERE p.first_id <= l.id AND p.last_id >= l.id AND l.id = ANY (p.record_ids)))
                 ORDER BY l.transaction_id, l.id LIMIT 10000);
    UPDATE strongroom.record_sealing AS s SET transaction_id = l.transaction_id, record_id = l.id
    FROM strongroom.activity_logs AS l WHERE l.id = ids[cardinality(ids)];
    RETURN ids;
END $$;

-- The rows themselves, as the texts that are hashed (docs/record.md), in the order of the ids.
CREATE FUNCTION strongroom.records_to_seal(server_secret bytea, ids bigint[]) RETURNS SETOF text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    RETURN QUERY SELECT ARRAY[l.id::text, (extract(epoch FROM l.occurred_at) * 1000000)::bigint::text, l.action::text, l.outcome::text,
                              l.reason, l.actor_id::text, l.entity_type::text, l.entity_id::text, l.owner_id::text, l.workspace_id::text,
                              l.scope::text, l.provider, l.name, l.version::text, l.grantee_id::text, l.request_id::text,
                              l.token_id::text, l.address::text, l.user_agent]
    FROM unnest(ids) WITH ORDINALITY AS o (id, n) JOIN strongroom.activity_logs AS l ON l.id = o.id ORDER BY o.n;
END $$;

-- Keeps the checkpoint of a batch that begin_sealing() has handed out in this transaction.
CREATE FUNCTION strongroom.seal_records(server_secret bytea, size bigint, ids bigint[], marks bytea, frontier bytea, note text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.require_server(server_secret);
    INSERT INTO strongroom.record_checkpoints (size, record_ids, first_id, last_id, marks, frontier, note, newest_at)
    SELECT size, ids, min(l.id), max(l.id), marks, frontier, note, max(l.occurred_at)
    FROM strongroom.activity_logs AS l WHERE l.id = ANY (ids);
END $$;

-- As rewrap_envelopes() of 0061, for the key that signs.
CREATE POLICY owner_rewraps ON strongroom.record_keys FOR UPDATE TO strongroom_owner USING (true) WITH CHECK (true);
CREATE FUNCTION strongroom.rewrap_record_key(server_secret bytea, current_key text, former text, renewed text) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM strongroom.begin_rewrap(server_secret);
    IF strongroom.envelope_key(renewed) IS DISTINCT FROM current_key
       OR strongroom.envelope_value(renewed) IS DISTINCT FROM strongroom.envelope_value(former) THEN
        RAISE EXCEPTION 'a rewrap leaves the value as it is' USING ERRCODE = 'check_violation';
    END IF;
    UPDATE strongroom.record_keys AS k SET envelope = renewed WHERE k.envelope = former;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM strongroom.record_rewrap(format('the key of the record, under %s', current_key));
    RETURN true;
END $$;

GRANT EXECUTE ON FUNCTION strongroom.record_key_envelope(), strongroom.establish_record_key(bytea, text, text) TO strongroom_app;
GRANT EXECUTE ON FUNCTION
    strongroom.record_tip(bytea), strongroom.begin_sealing(bytea), strongroom.records_to_seal(bytea, bigint[]),
    strongroom.seal_records(bytea, bigint, bigint[], bytea, bytea, text), strongroom.rewrap_record_key(bytea, text, text, text)
TO strongroom_system;
