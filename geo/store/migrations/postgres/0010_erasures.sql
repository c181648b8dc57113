-- Incidents that were erased, by keyed hashes: the next import must not bring them back.

CREATE TABLE patchmap.patchmap_erasures (
    id_hash text COLLATE "C" NOT NULL PRIMARY KEY,
    -- Of what happened where: ids that are numbers of lines are others in the next file.
    content_hash text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    erased_by text COLLATE "C" NOT NULL,
    erased_at text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL
);

-- Whether rows have ids of their own (1) or the numbers of their lines (0); NULL of earlier imports.
ALTER TABLE patchmap.patchmap_imports ADD COLUMN keyed integer;
