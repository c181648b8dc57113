-- What was done to the layers, with what each change replaced, as an Arrow stream.

CREATE TABLE patchmap.patchmap_layer_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer_id text COLLATE "C" NOT NULL,
    what text NOT NULL,
    areas bigint NOT NULL,
    areas_before bigint NOT NULL,
    changed_by text NOT NULL,
    changed_at text NOT NULL,
    state text NOT NULL CHECK (state IN ('current', 'undone', 'final')),
    metadata text NOT NULL,
    replaced bytea
);

CREATE INDEX patchmap_layer_changes_layer ON patchmap.patchmap_layer_changes (layer_id, state);
