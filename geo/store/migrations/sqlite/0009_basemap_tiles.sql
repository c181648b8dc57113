-- The tiles under the maps; what describes them is the setting `basemaps`. Rows count from the north.

CREATE TABLE patchmap_basemap_tiles (
    basemap_id TEXT NOT NULL,
    zoom INTEGER NOT NULL,
    tile_column INTEGER NOT NULL,
    tile_row INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (basemap_id, zoom, tile_column, tile_row)
);
