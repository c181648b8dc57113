-- The first GeoPackage: the standard's own tables, incidents, and the papers of everything.
-- Layers get a feature table of their own each, when they are added.

CREATE TABLE gpkg_spatial_ref_sys (
    srs_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL PRIMARY KEY,
    organization TEXT NOT NULL,
    organization_coordsys_id INTEGER NOT NULL,
    definition TEXT NOT NULL,
    description TEXT
);

CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY,
    data_type TEXT NOT NULL,
    identifier TEXT UNIQUE,
    description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
    min_x DOUBLE,
    min_y DOUBLE,
    max_x DOUBLE,
    max_y DOUBLE,
    srs_id INTEGER,
    CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);

CREATE TABLE gpkg_geometry_columns (
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    geometry_type_name TEXT NOT NULL,
    srs_id INTEGER NOT NULL,
    z TINYINT NOT NULL,
    m TINYINT NOT NULL,
    CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
    CONSTRAINT uk_gc_table_name UNIQUE (table_name),
    CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents (table_name),
    CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);

CREATE TABLE gpkg_extensions (
    table_name TEXT,
    column_name TEXT,
    extension_name TEXT NOT NULL,
    definition TEXT NOT NULL,
    scope TEXT NOT NULL,
    CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);

CREATE TABLE gpkg_ogr_contents (
    table_name TEXT NOT NULL PRIMARY KEY,
    feature_count INTEGER DEFAULT NULL
);

CREATE TABLE incidents (
    fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    geom POINT NOT NULL,
    incident_id TEXT NOT NULL UNIQUE,
    import_id INTEGER NOT NULL REFERENCES patchmap_imports (import_id),
    partition_id TEXT NOT NULL,
    source TEXT NOT NULL,
    category TEXT NOT NULL,
    occurred_from DATETIME NOT NULL,
    occurred_to DATETIME NOT NULL,
    precision TEXT NOT NULL CHECK (precision IN ('instant', 'interval', 'day', 'month')),
    location TEXT NOT NULL DEFAULT '',
    reference TEXT NOT NULL DEFAULT ''
);

CREATE INDEX patchmap_incidents_import ON incidents (import_id);
CREATE INDEX patchmap_incidents_occurred ON incidents (occurred_from);

-- One row an import, never deleted. What it replaced is kept, so that it can be undone.
CREATE TABLE patchmap_imports (
    import_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    partition_id TEXT NOT NULL,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    month TEXT NOT NULL,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    rows_read INTEGER NOT NULL,
    rows_accepted INTEGER NOT NULL,
    rejected_by_reason TEXT NOT NULL,
    rows_replaced INTEGER NOT NULL,
    summary TEXT NOT NULL,
    imported_by TEXT NOT NULL,
    imported_at DATETIME NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('current', 'replaced', 'undone')),
    replaced_imports TEXT NOT NULL DEFAULT '[]',
    replaced_rows BLOB
);

CREATE INDEX patchmap_imports_partition ON patchmap_imports (partition_id, state);

CREATE TABLE patchmap_layers (
    layer_id TEXT NOT NULL PRIMARY KEY,
    added INTEGER NOT NULL,
    papers TEXT NOT NULL
);

CREATE TABLE patchmap_settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE patchmap_store (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE patchmap_counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
);

INSERT INTO patchmap_counters (name, value)
VALUES ('incidents', 0), ('layers', 0), ('plans', 0), ('settings', 0);
