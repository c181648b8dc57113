-- The tiles under the maps; what describes them is the setting `basemaps`. Rows count from the north.

CREATE TABLE patchmap.patchmap_basemap_tiles (
    basemap_id text COLLATE "C" NOT NULL,
    zoom integer NOT NULL,
    tile_column integer NOT NULL,
    tile_row integer NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (basemap_id, zoom, tile_column, tile_row)
);
