-- Comments on plans and on places in them, as people sent them in.

CREATE TABLE patchmap.patchmap_plan_comments (
    plan_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    author text NOT NULL,
    written_on text NOT NULL,
    body text NOT NULL,
    area_code text NOT NULL,
    x double precision,
    y double precision,
    source text NOT NULL,
    added_by text NOT NULL,
    added_at text NOT NULL,
    taken_out text NOT NULL,
    PRIMARY KEY (plan_id, number)
);
