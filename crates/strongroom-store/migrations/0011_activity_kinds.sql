-- What else can be recorded. Apart from the tables that use it: PostgreSQL lets no statement use a value of an enum
-- that the same transaction added.

ALTER TYPE strongroom.entity_type ADD VALUE 'SERVICE_ACCOUNT';
ALTER TYPE strongroom.entity_type ADD VALUE 'SESSION';
ALTER TYPE strongroom.entity_type ADD VALUE 'IDENTITY';
ALTER TYPE strongroom.entity_type ADD VALUE 'TRUST_RULE';
ALTER TYPE strongroom.entity_type ADD VALUE 'SETTINGS';
ALTER TYPE strongroom.entity_type ADD VALUE 'RECORD';

ALTER TYPE strongroom.activity_action ADD VALUE 'CREDENTIAL_USED';
ALTER TYPE strongroom.activity_action ADD VALUE 'CREDENTIAL_VERSION_RESTORED';
ALTER TYPE strongroom.activity_action ADD VALUE 'CREDENTIAL_PURGED';
ALTER TYPE strongroom.activity_action ADD VALUE 'GRANT_CREATED';
ALTER TYPE strongroom.activity_action ADD VALUE 'GRANT_CHANGED';
ALTER TYPE strongroom.activity_action ADD VALUE 'GRANT_REVOKED';
ALTER TYPE strongroom.activity_action ADD VALUE 'WORKSPACE_RENAMED';
ALTER TYPE strongroom.activity_action ADD VALUE 'WORKSPACE_DELETED';
ALTER TYPE strongroom.activity_action ADD VALUE 'SERVICE_ACCOUNT_CREATED';
ALTER TYPE strongroom.activity_action ADD VALUE 'SERVICE_ACCOUNT_DISABLED';
ALTER TYPE strongroom.activity_action ADD VALUE 'SIGNED_IN';
ALTER TYPE strongroom.activity_action ADD VALUE 'SIGN_IN_FAILED';
ALTER TYPE strongroom.activity_action ADD VALUE 'SIGNED_OUT';
ALTER TYPE strongroom.activity_action ADD VALUE 'PASSWORD_CHANGED';
ALTER TYPE strongroom.activity_action ADD VALUE 'IDENTITY_LINKED';
ALTER TYPE strongroom.activity_action ADD VALUE 'IDENTITY_UNLINKED';
ALTER TYPE strongroom.activity_action ADD VALUE 'TOKEN_EXCHANGED';
ALTER TYPE strongroom.activity_action ADD VALUE 'TRUST_RULE_CREATED';
ALTER TYPE strongroom.activity_action ADD VALUE 'TRUST_RULE_REMOVED';
ALTER TYPE strongroom.activity_action ADD VALUE 'RECORD_READ';
ALTER TYPE strongroom.activity_action ADD VALUE 'RECORD_EXPORTED';
ALTER TYPE strongroom.activity_action ADD VALUE 'RECORD_PURGED';
ALTER TYPE strongroom.activity_action ADD VALUE 'SETTINGS_CHANGED';
