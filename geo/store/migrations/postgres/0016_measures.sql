-- Measures of areas, entries of money and time, and the imports of both.

CREATE TABLE patchmap.patchmap_measures (
    measure_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    measure_id text COLLATE "C" NOT NULL UNIQUE,
    definition text COLLATE "C" NOT NULL
);

-- Codes and periods stand once, and values name them by small numbers.
CREATE TABLE patchmap.patchmap_measure_areas (
    area_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    area_code text COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE patchmap.patchmap_measure_periods (
    period_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_day text COLLATE "C" NOT NULL,
    last_day text COLLATE "C" NOT NULL,
    UNIQUE (first_day, last_day)
);

-- The history of an area lies together, so that a page of it reads few pages of the index.
CREATE TABLE patchmap.patchmap_measure_values (
    measure_key integer NOT NULL,
    area_key integer NOT NULL,
    period_key integer NOT NULL,
    import_id integer NOT NULL,
    value double precision,
    numerator double precision,
    denominator double precision,
    lower double precision,
    upper double precision,
    note text COLLATE "C",
    PRIMARY KEY (measure_key, area_key, period_key)
);

-- How many areas of a measure have a value of a period: to count them would read them all.
CREATE TABLE patchmap.patchmap_measure_counts (
    measure_key integer NOT NULL,
    period_key integer NOT NULL,
    areas integer NOT NULL,
    PRIMARY KEY (measure_key, period_key)
);

-- Never edited: a mistake is corrected by an entry that reverses it.
CREATE TABLE patchmap.patchmap_entries (
    entry_id text COLLATE "C" NOT NULL PRIMARY KEY,
    import_id integer NOT NULL,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('money', 'time')),
    day text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    layer_id text COLLATE "C" NOT NULL,
    area_code text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    activity text COLLATE "C" NOT NULL,
    post text COLLATE "C" NOT NULL,
    priority text COLLATE "C" NOT NULL,
    task text COLLATE "C" NOT NULL,
    payee_kind text COLLATE "C" NOT NULL,
    note text COLLATE "C" NOT NULL,
    reverses text COLLATE "C" NOT NULL,
    settles text COLLATE "C" NOT NULL
);

CREATE INDEX patchmap_entries_import ON patchmap.patchmap_entries (import_id);

-- One row an import of either, never deleted. What it replaced is kept, so that it can be undone.
CREATE TABLE patchmap.patchmap_table_imports (
    import_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text COLLATE "C" NOT NULL CHECK (subject IN ('measures', 'entries')),
    file text COLLATE "C" NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    rows_read bigint NOT NULL,
    rows_present bigint NOT NULL,
    rows_accepted bigint NOT NULL,
    rejected_by_reason text COLLATE "C" NOT NULL,
    rows_replaced bigint NOT NULL,
    measures text COLLATE "C" NOT NULL,
    imported_by text COLLATE "C" NOT NULL,
    imported_at text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (state IN ('current', 'undone')),
    purged_at text COLLATE "C" NOT NULL DEFAULT '',
    -- The definitions of measures as they were before, by id; null where it added the measure.
    former_measures text COLLATE "C" NOT NULL DEFAULT '{}',
    -- The values that it replaced, as an Arrow stream.
    replaced bytea
);

INSERT INTO patchmap.patchmap_counters (name, value) VALUES ('measures', 0), ('entries', 0);
