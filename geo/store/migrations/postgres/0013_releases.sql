-- Releases for the public: what is served is what is stored here, never counted anew.

CREATE TABLE patchmap.patchmap_releases (
    release_id text COLLATE "C" PRIMARY KEY,
    -- draft, approved or withdrawn.
    state text COLLATE "C" NOT NULL,
    -- 1 for the first that was approved, and so on; NULL for drafts.
    number integer UNIQUE,
    -- JSON: definition, protected tables, findings, and who did what when.
    record text COLLATE "C" NOT NULL,
    -- JSON: the pieces of this release and all approved before it; NULL for open sources.
    ledger text COLLATE "C"
);

-- The key of the records' keys: one row, made with the first release.
CREATE TABLE patchmap.patchmap_release_key (
    one integer PRIMARY KEY CHECK (one = 1),
    secret text COLLATE "C" NOT NULL
);
