-- The audit: each entry bears a MAC over itself and the MAC before it.

CREATE TABLE patchmap_audit (
    sequence INTEGER PRIMARY KEY,
    -- Canonical JSON: sequence, moment, action, the key's id, and a keyed hash of each field.
    entry TEXT NOT NULL,
    previous TEXT NOT NULL,
    mac TEXT NOT NULL,
    -- JSON: the salt and the value of each field; null for one that was redacted.
    fields TEXT NOT NULL
);

-- Against mistakes: whoever may change the file may remove these too, and is found by the MACs.
CREATE TRIGGER patchmap_audit_kept BEFORE DELETE ON patchmap_audit
BEGIN
    SELECT raise(ABORT, 'entries of the audit are never deleted');
END;

CREATE TRIGGER patchmap_audit_unchanged
BEFORE UPDATE OF sequence, entry, previous, mac ON patchmap_audit
BEGIN
    SELECT raise(ABORT, 'entries of the audit are never changed');
END;
