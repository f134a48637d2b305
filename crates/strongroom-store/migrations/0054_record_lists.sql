-- What a list of the record walks along, newest first, for each way in which a row can be a reader's
-- (strongroom-store/src/activity.rs). Owners and workspaces have theirs since 0003.

CREATE INDEX activity_logs_actor_list ON strongroom.activity_logs (actor_id, id DESC);
CREATE INDEX activity_logs_instance ON strongroom.activity_logs (id DESC) WHERE scope = 'SYSTEM' OR entity_type = 'INVITATION';
