-- Comments on plans and on places in them, as people sent them in.

CREATE TABLE patchmap_plan_comments (
    plan_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    author TEXT NOT NULL,
    written_on TEXT NOT NULL,
    body TEXT NOT NULL,
    area_code TEXT NOT NULL,
    x DOUBLE,
    y DOUBLE,
    source TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at TEXT NOT NULL,
    taken_out TEXT NOT NULL,
    PRIMARY KEY (plan_id, number)
) WITHOUT ROWID;
