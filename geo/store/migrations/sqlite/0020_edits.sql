-- How often other programs edited the incidents of a partition, or some were removed for good.
-- Triggers that this release gives to every feature table count edits by other programs.
CREATE TABLE patchmap_edits (
    partition_id TEXT NOT NULL PRIMARY KEY,
    changes INTEGER NOT NULL
) WITHOUT ROWID;
