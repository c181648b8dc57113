-- Lives of records: incidents that were received, answered and closed; and what extracts show.

-- Each version of a life: an extract replaces those that differ, so that an undo brings them back.
CREATE TABLE patchmap.patchmap_lives (
    incident_id text COLLATE "C" NOT NULL,
    import_id bigint NOT NULL,
    -- The import whose extract says otherwise; null for what is known now.
    replaced_by bigint,
    partition_id text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    channel text COLLATE "C" NOT NULL,
    -- Moments in UTC, '' where something has not happened or is not known.
    received text COLLATE "C" NOT NULL,
    due text COLLATE "C" NOT NULL,
    answered text COLLATE "C" NOT NULL,
    closed text COLLATE "C" NOT NULL,
    vanished text COLLATE "C" NOT NULL,
    withdrawn integer NOT NULL,
    reopened integer NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    stated_layer text COLLATE "C" NOT NULL,
    stated_area text COLLATE "C" NOT NULL,
    -- Of a record without a place, which is no row of incidents; null where it has one.
    category text COLLATE "C",
    occurred_from text COLLATE "C",
    occurred_to text COLLATE "C",
    precision text COLLATE "C",
    location text COLLATE "C",
    reference text COLLATE "C",
    PRIMARY KEY (incident_id, import_id)
);

CREATE UNIQUE INDEX patchmap_lives_current ON patchmap.patchmap_lives (incident_id)
WHERE replaced_by IS NULL;

CREATE INDEX patchmap_lives_import ON patchmap.patchmap_lives (import_id);

CREATE INDEX patchmap_lives_replaced ON patchmap.patchmap_lives (replaced_by)
WHERE replaced_by IS NOT NULL;

-- What changed between two extracts. The day is that of the later one.
CREATE TABLE patchmap.patchmap_life_events (
    import_id bigint NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    event text COLLATE "C" NOT NULL,
    extracted text COLLATE "C" NOT NULL,
    PRIMARY KEY (import_id, incident_id, event)
);

CREATE INDEX patchmap_life_events_incident ON patchmap.patchmap_life_events (incident_id);

-- The day of the extract that was imported, '' where it is none; how many events it shows, by
-- event; and how many of its accepted rows have no place.
ALTER TABLE patchmap.patchmap_imports ADD COLUMN extracted text COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE patchmap.patchmap_imports ADD COLUMN events text COLLATE "C" NOT NULL DEFAULT '{}';

ALTER TABLE patchmap.patchmap_imports ADD COLUMN rows_placeless bigint NOT NULL DEFAULT 0;
