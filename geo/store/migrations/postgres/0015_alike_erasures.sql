-- Rows known by the numbers of their lines are erased by what they say, and each of several alike.

-- Whether the id was the row's own (id) or the number of its line (line), which others have too.
-- What kind earlier ones are is not known: they work as they did.
ALTER TABLE patchmap.patchmap_erasures ADD COLUMN kind text COLLATE "C" NOT NULL DEFAULT 'id';

ALTER TABLE patchmap.patchmap_erasures DROP CONSTRAINT patchmap_erasures_pkey;

ALTER TABLE patchmap.patchmap_erasures ADD PRIMARY KEY (source, kind, id_hash, content_hash);

-- How many rows of each erased content an import lost, so that none goes twice.
ALTER TABLE patchmap.patchmap_imports ADD COLUMN erased text COLLATE "C" NOT NULL DEFAULT '{}';
