-- Incidents that were erased, by keyed hashes: the next import must not bring them back.

CREATE TABLE patchmap_erasures (
    id_hash TEXT NOT NULL PRIMARY KEY,
    -- Of what happened where: ids that are numbers of lines are others in the next file.
    content_hash TEXT NOT NULL,
    key TEXT NOT NULL,
    source TEXT NOT NULL,
    erased_by TEXT NOT NULL,
    erased_at TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- Whether rows have ids of their own (1) or the numbers of their lines (0); NULL of earlier imports.
ALTER TABLE patchmap_imports ADD COLUMN keyed INTEGER;
