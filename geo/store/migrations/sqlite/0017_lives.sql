-- Lives of records: incidents that were received, answered and closed; and what extracts show.

-- Each version of a life: an extract replaces those that differ, so that an undo brings them back.
CREATE TABLE patchmap_lives (
    incident_id TEXT NOT NULL,
    import_id INTEGER NOT NULL,
    -- The import whose extract says otherwise; null for what is known now.
    replaced_by INTEGER,
    partition_id TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- Moments in UTC, '' where something has not happened or is not known.
    received TEXT NOT NULL,
    due TEXT NOT NULL,
    answered TEXT NOT NULL,
    closed TEXT NOT NULL,
    vanished TEXT NOT NULL,
    withdrawn INTEGER NOT NULL,
    reopened INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    service TEXT NOT NULL,
    stated_layer TEXT NOT NULL,
    stated_area TEXT NOT NULL,
    -- Of a record without a place, which is no row of incidents; null where it has one.
    category TEXT,
    occurred_from TEXT,
    occurred_to TEXT,
    precision TEXT,
    location TEXT,
    reference TEXT,
    PRIMARY KEY (incident_id, import_id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX patchmap_lives_current ON patchmap_lives (incident_id)
WHERE replaced_by IS NULL;

CREATE INDEX patchmap_lives_import ON patchmap_lives (import_id);

CREATE INDEX patchmap_lives_replaced ON patchmap_lives (replaced_by)
WHERE replaced_by IS NOT NULL;

-- What changed between two extracts. The day is that of the later one.
CREATE TABLE patchmap_life_events (
    import_id INTEGER NOT NULL,
    incident_id TEXT NOT NULL,
    event TEXT NOT NULL,
    extracted TEXT NOT NULL,
    PRIMARY KEY (import_id, incident_id, event)
) WITHOUT ROWID;

CREATE INDEX patchmap_life_events_incident ON patchmap_life_events (incident_id);

-- The day of the extract that was imported, '' where it is none; how many events it shows, by
-- event; and how many of its accepted rows have no place.
ALTER TABLE patchmap_imports ADD COLUMN extracted TEXT NOT NULL DEFAULT '';

ALTER TABLE patchmap_imports ADD COLUMN events TEXT NOT NULL DEFAULT '{}';

ALTER TABLE patchmap_imports ADD COLUMN rows_placeless INTEGER NOT NULL DEFAULT 0;
