-- Rows known by the numbers of their lines are erased by what they say, and each of several alike.

CREATE TABLE patchmap_erasures_new (
    id_hash TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    key TEXT NOT NULL,
    source TEXT NOT NULL,
    erased_by TEXT NOT NULL,
    erased_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Whether the id was the row's own (id) or the number of its line (line), which others have too.
    kind TEXT NOT NULL,
    PRIMARY KEY (source, kind, id_hash, content_hash)
);

-- What kind earlier ones are is not known: they work as they did.
INSERT INTO patchmap_erasures_new
SELECT id_hash, content_hash, key, source, erased_by, erased_at, reason, 'id'
FROM patchmap_erasures;

DROP TABLE patchmap_erasures;

ALTER TABLE patchmap_erasures_new RENAME TO patchmap_erasures;

-- How many rows of each erased content an import lost, so that none goes twice.
ALTER TABLE patchmap_imports ADD COLUMN erased TEXT NOT NULL DEFAULT '{}';
