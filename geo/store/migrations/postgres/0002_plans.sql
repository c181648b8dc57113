-- Plans that people try: each with its whole history, as it was last saved.

CREATE TABLE patchmap.patchmap_plans (
    plan_id text COLLATE "C" NOT NULL PRIMARY KEY,
    title text NOT NULL,
    blocks_layer text NOT NULL,
    base_layer text NOT NULL,
    version integer NOT NULL,
    updated_by text NOT NULL,
    updated_at text NOT NULL,
    record text NOT NULL
);
