-- Plans that people try: each with its whole history, as it was last saved.

CREATE TABLE patchmap_plans (
    plan_id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    blocks_layer TEXT NOT NULL,
    base_layer TEXT NOT NULL,
    version INTEGER NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at DATETIME NOT NULL,
    record TEXT NOT NULL
);
