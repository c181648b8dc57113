-- The first PostGIS store. The schema and the table of migrations are there already.
-- Layers get a table of their own each, when they are added.

CREATE SEQUENCE patchmap.patchmap_fid;
CREATE SEQUENCE patchmap.patchmap_names;

-- `geom` is given the SRID of the working CRS as soon as that is chosen.
--
-- No foreign key on import_id: its trigger would run once a row and double the time of an import.
CREATE TABLE patchmap.incidents (
    fid bigint NOT NULL DEFAULT nextval('patchmap.patchmap_fid'),
    geom geometry(Point) NOT NULL,
    incident_id text COLLATE "C" NOT NULL,
    import_id bigint NOT NULL,
    partition_id text NOT NULL,
    source text NOT NULL,
    category text NOT NULL,
    occurred_from timestamptz NOT NULL,
    occurred_to timestamptz NOT NULL,
    precision text NOT NULL CHECK (precision IN ('instant', 'interval', 'day', 'month')),
    location text NOT NULL DEFAULT '',
    reference text NOT NULL DEFAULT '',
    PRIMARY KEY (fid, occurred_from)
) PARTITION BY RANGE (occurred_from);

ALTER SEQUENCE patchmap.patchmap_fid OWNED BY patchmap.incidents.fid;
CREATE INDEX patchmap_incidents_geom ON patchmap.incidents USING gist (geom);
CREATE INDEX patchmap_incidents_import ON patchmap.incidents (import_id);

-- A unique key of a partitioned table must hold the partition key, so `incidents` itself could
-- only promise that an id stands once at one time. This table promises that it stands once at all,
-- and finds an incident by its id without looking into every month.
CREATE TABLE patchmap.patchmap_ids (
    incident_id text COLLATE "C" NOT NULL PRIMARY KEY,
    fid bigint NOT NULL,
    occurred_from timestamptz NOT NULL
);

-- How many incidents there are, because counting hundreds of millions takes minutes.
CREATE TABLE patchmap.patchmap_totals (
    table_name text NOT NULL PRIMARY KEY,
    feature_count bigint NOT NULL
);

INSERT INTO patchmap.patchmap_totals VALUES ('incidents', 0);

-- Triggers keep ids and total true whoever changes incidents, QGIS included. They run once a
-- statement on all of its rows.
CREATE FUNCTION patchmap.patchmap_incidents_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO patchmap.patchmap_ids (incident_id, fid, occurred_from)
    SELECT incident_id, fid, occurred_from FROM came;
    UPDATE patchmap.patchmap_totals
    SET feature_count = feature_count + (SELECT count(*) FROM came)
    WHERE table_name = 'incidents';
    RETURN NULL;
END $$;

CREATE FUNCTION patchmap.patchmap_incidents_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM patchmap.patchmap_ids AS known USING went
    WHERE known.incident_id = went.incident_id;
    UPDATE patchmap.patchmap_totals
    SET feature_count = feature_count - (SELECT count(*) FROM went)
    WHERE table_name = 'incidents';
    RETURN NULL;
END $$;

CREATE FUNCTION patchmap.patchmap_incidents_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM patchmap.patchmap_ids AS known USING went
    WHERE known.incident_id = went.incident_id;
    INSERT INTO patchmap.patchmap_ids (incident_id, fid, occurred_from)
    SELECT incident_id, fid, occurred_from FROM came;
    RETURN NULL;
END $$;

CREATE FUNCTION patchmap.patchmap_incidents_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    TRUNCATE patchmap.patchmap_ids;
    UPDATE patchmap.patchmap_totals SET feature_count = 0 WHERE table_name = 'incidents';
    RETURN NULL;
END $$;

CREATE TRIGGER patchmap_came AFTER INSERT ON patchmap.incidents
REFERENCING NEW TABLE AS came
FOR EACH STATEMENT EXECUTE FUNCTION patchmap.patchmap_incidents_came();

CREATE TRIGGER patchmap_went AFTER DELETE ON patchmap.incidents
REFERENCING OLD TABLE AS went
FOR EACH STATEMENT EXECUTE FUNCTION patchmap.patchmap_incidents_went();

CREATE TRIGGER patchmap_changed AFTER UPDATE ON patchmap.incidents
REFERENCING OLD TABLE AS went NEW TABLE AS came
FOR EACH STATEMENT EXECUTE FUNCTION patchmap.patchmap_incidents_changed();

CREATE TRIGGER patchmap_emptied AFTER TRUNCATE ON patchmap.incidents
FOR EACH STATEMENT EXECUTE FUNCTION patchmap.patchmap_incidents_emptied();

-- One row an import, never deleted. What it replaced is kept, so that it can be undone.
CREATE TABLE patchmap.patchmap_imports (
    import_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    partition_id text COLLATE "C" NOT NULL,
    source text NOT NULL,
    name text NOT NULL,
    month text NOT NULL,
    file text NOT NULL,
    sha256 text NOT NULL,
    rows_read bigint NOT NULL,
    rows_accepted bigint NOT NULL,
    rejected_by_reason text NOT NULL,
    rows_replaced bigint NOT NULL,
    summary text NOT NULL,
    imported_by text NOT NULL,
    imported_at text NOT NULL,
    state text NOT NULL CHECK (state IN ('current', 'replaced', 'undone')),
    replaced_imports bigint [] NOT NULL DEFAULT '{}'
);

CREATE INDEX patchmap_imports_partition ON patchmap.patchmap_imports (partition_id, state);
CREATE INDEX patchmap_imports_sha256 ON patchmap.patchmap_imports (sha256);

CREATE TABLE patchmap.patchmap_replaced (
    replaced_by bigint NOT NULL REFERENCES patchmap.patchmap_imports (import_id) ON DELETE CASCADE,
    LIKE patchmap.incidents
);

CREATE INDEX patchmap_replaced_by ON patchmap.patchmap_replaced (replaced_by);
CREATE INDEX patchmap_replaced_import ON patchmap.patchmap_replaced (import_id);

-- `relation` is the layer's table: a reader of an older state sees whether it is still that one.
-- `columns` lists each attribute with its column's name and type, because PostgreSQL does not take
-- every name.
CREATE TABLE patchmap.patchmap_layers (
    layer_id text NOT NULL PRIMARY KEY,
    added integer NOT NULL,
    papers text NOT NULL,
    relation regclass NOT NULL,
    columns text NOT NULL
);

CREATE TABLE patchmap.patchmap_settings (
    key text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE patchmap.patchmap_store (
    key text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

CREATE TABLE patchmap.patchmap_counters (
    name text NOT NULL PRIMARY KEY,
    value bigint NOT NULL
);

INSERT INTO patchmap.patchmap_counters (name, value)
VALUES ('incidents', 0), ('layers', 0), ('plans', 0), ('settings', 0);
