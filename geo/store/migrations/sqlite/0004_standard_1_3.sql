-- One version of the GeoPackage standard throughout: 1.3, which GDAL 3.6 and QGIS 3.22 know. Its
-- default of last_change is spelt without a space, and validators compare the text. The triggers of
-- each feature table follow in code, as their number is not known here.

CREATE TABLE patchmap_former_contents AS SELECT * FROM gpkg_contents;
CREATE TABLE patchmap_former_columns AS SELECT * FROM gpkg_geometry_columns;
DROP TABLE gpkg_geometry_columns;
DROP TABLE gpkg_contents;

CREATE TABLE gpkg_contents (
    table_name TEXT NOT NULL PRIMARY KEY,
    data_type TEXT NOT NULL,
    identifier TEXT UNIQUE,
    description TEXT DEFAULT '',
    last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
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

INSERT INTO gpkg_contents SELECT * FROM patchmap_former_contents;
INSERT INTO gpkg_geometry_columns SELECT * FROM patchmap_former_columns;
DROP TABLE patchmap_former_columns;
DROP TABLE patchmap_former_contents;
