-- What was done to the layers, with what each change replaced, as an Arrow stream.

CREATE TABLE patchmap_layer_changes (
    change_id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    layer_id TEXT NOT NULL,
    what TEXT NOT NULL,
    areas INTEGER NOT NULL,
    areas_before INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at DATETIME NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('current', 'undone', 'final')),
    metadata TEXT NOT NULL,
    replaced BLOB
);

CREATE INDEX patchmap_layer_changes_layer ON patchmap_layer_changes (layer_id, state);
