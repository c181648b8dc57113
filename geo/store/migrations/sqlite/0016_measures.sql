-- Measures of areas, entries of money and time, and the imports of both.

CREATE TABLE patchmap_measures (
    measure_key INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    measure_id TEXT NOT NULL UNIQUE,
    definition TEXT NOT NULL
);

-- Codes and periods stand once, and values name them by small numbers.
CREATE TABLE patchmap_measure_areas (
    area_key INTEGER PRIMARY KEY NOT NULL,
    area_code TEXT NOT NULL UNIQUE
);

CREATE TABLE patchmap_measure_periods (
    period_key INTEGER PRIMARY KEY NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    UNIQUE (first_day, last_day)
);

-- The history of an area lies together, so that a page of it reads few pages of the file.
CREATE TABLE patchmap_measure_values (
    measure_key INTEGER NOT NULL,
    area_key INTEGER NOT NULL,
    period_key INTEGER NOT NULL,
    import_id INTEGER NOT NULL,
    value REAL,
    numerator REAL,
    denominator REAL,
    lower REAL,
    upper REAL,
    note TEXT,
    PRIMARY KEY (measure_key, area_key, period_key)
) WITHOUT ROWID;

-- How many areas of a measure have a value of a period: to count them would read them all.
CREATE TABLE patchmap_measure_counts (
    measure_key INTEGER NOT NULL,
    period_key INTEGER NOT NULL,
    areas INTEGER NOT NULL,
    PRIMARY KEY (measure_key, period_key)
) WITHOUT ROWID;

-- Never edited: a mistake is corrected by an entry that reverses it.
CREATE TABLE patchmap_entries (
    entry_id TEXT NOT NULL PRIMARY KEY,
    import_id INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('money', 'time')),
    day TEXT NOT NULL,
    amount INTEGER NOT NULL,
    layer_id TEXT NOT NULL,
    area_code TEXT NOT NULL,
    state TEXT NOT NULL,
    activity TEXT NOT NULL,
    post TEXT NOT NULL,
    priority TEXT NOT NULL,
    task TEXT NOT NULL,
    payee_kind TEXT NOT NULL,
    note TEXT NOT NULL,
    reverses TEXT NOT NULL,
    settles TEXT NOT NULL
);

CREATE INDEX patchmap_entries_import ON patchmap_entries (import_id);

-- One row an import of either, never deleted. What it replaced is kept, so that it can be undone.
CREATE TABLE patchmap_table_imports (
    import_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    subject TEXT NOT NULL CHECK (subject IN ('measures', 'entries')),
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_present INTEGER NOT NULL,
    rows_accepted INTEGER NOT NULL,
    rejected_by_reason TEXT NOT NULL,
    rows_replaced INTEGER NOT NULL,
    measures TEXT NOT NULL,
    imported_by TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('current', 'undone')),
    purged_at TEXT NOT NULL DEFAULT '',
    -- The definitions of measures as they were before, by id; null where it added the measure.
    former_measures TEXT NOT NULL DEFAULT '{}',
    -- The values that it replaced, as an Arrow stream.
    replaced BLOB
);

INSERT INTO patchmap_counters (name, value) VALUES ('measures', 0), ('entries', 0);
