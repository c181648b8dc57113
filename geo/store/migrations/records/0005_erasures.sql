-- Incidents that were erased from the store, by keyed hashes: a restored backup erases them again.

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
