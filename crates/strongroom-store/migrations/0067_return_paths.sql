-- The way back from an OpenID provider may be that of `strongroom login`, which has a public key in it.
ALTER TABLE strongroom.pending_sign_ins ALTER COLUMN return_to TYPE varchar(1000);
