-- Releases for the public: what is served is what is stored here, never counted anew.

CREATE TABLE patchmap_releases (
    release_id TEXT PRIMARY KEY,
    -- draft, approved or withdrawn.
    state TEXT NOT NULL,
    -- 1 for the first that was approved, and so on; NULL for drafts.
    number INTEGER UNIQUE,
    -- JSON: definition, protected tables, findings, and who did what when.
    record TEXT NOT NULL,
    -- JSON: the pieces of this release and all approved before it; NULL for open sources.
    ledger TEXT
);

-- The key of the records' keys: one row, made with the first release.
CREATE TABLE patchmap_release_key (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    secret TEXT NOT NULL
);
