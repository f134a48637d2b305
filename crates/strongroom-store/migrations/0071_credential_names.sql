-- Who asks by provider and name walked through everybody's credentials, and held up whoever shared a call with him.
CREATE INDEX user_credentials_name ON strongroom.user_credentials (name, provider) WHERE is_active;
