-- The audit: each entry bears a MAC over itself and the MAC before it.

CREATE TABLE patchmap.patchmap_audit (
    sequence bigint PRIMARY KEY,
    -- Canonical JSON: sequence, moment, action, the key's id, and a keyed hash of each field.
    entry text COLLATE "C" NOT NULL,
    previous text COLLATE "C" NOT NULL,
    mac text COLLATE "C" NOT NULL,
    -- JSON: the salt and the value of each field; null for one that was redacted.
    fields text COLLATE "C" NOT NULL
);

-- Against mistakes: whoever owns the tables may remove these too, and is found by the MACs.
CREATE FUNCTION patchmap.patchmap_audit_refused() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'entries of the audit are never changed or deleted';
END $$;

CREATE TRIGGER patchmap_audit_kept BEFORE DELETE OR TRUNCATE ON patchmap.patchmap_audit
FOR EACH STATEMENT EXECUTE FUNCTION patchmap.patchmap_audit_refused();

CREATE TRIGGER patchmap_audit_unchanged
BEFORE UPDATE OF sequence, entry, previous, mac ON patchmap.patchmap_audit
FOR EACH STATEMENT EXECUTE FUNCTION patchmap.patchmap_audit_refused();
