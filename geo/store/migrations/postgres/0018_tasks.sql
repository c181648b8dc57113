-- Tasks, priorities, the roster and meetings: their steps, which are only added.

CREATE TABLE patchmap.patchmap_tasking_steps (
    subject text COLLATE "C" NOT NULL
    CHECK (subject IN ('task', 'priority', 'roster', 'meeting')),
    record_id text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    meeting text COLLATE "C" NOT NULL,
    step text COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, record_id, number)
);

CREATE INDEX patchmap_tasking_meetings ON patchmap.patchmap_tasking_steps (meeting)
WHERE meeting <> '';

-- What the steps of each task lead to, for lists and for other programs.
CREATE TABLE patchmap.patchmap_tasks (
    fid bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    geom geometry NOT NULL,
    task_id text COLLATE "C" NOT NULL UNIQUE,
    version integer NOT NULL,
    title text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    service text COLLATE "C" NOT NULL,
    due text COLLATE "C",
    priority text COLLATE "C" NOT NULL,
    parent text COLLATE "C" NOT NULL,
    meeting text COLLATE "C" NOT NULL,
    place_kind text COLLATE "C" NOT NULL,
    place_ref text COLLATE "C" NOT NULL,
    place_label text COLLATE "C" NOT NULL,
    question text COLLATE "C" NOT NULL,
    outcome text COLLATE "C" NOT NULL,
    finding text COLLATE "C" NOT NULL,
    reason text COLLATE "C" NOT NULL,
    referral text COLLATE "C" NOT NULL,
    referred_to text COLLATE "C" NOT NULL,
    waiting_since text COLLATE "C",
    done_at text COLLATE "C",
    raised_by text COLLATE "C" NOT NULL,
    raised_at text COLLATE "C" NOT NULL,
    updated_by text COLLATE "C" NOT NULL,
    updated_at text COLLATE "C" NOT NULL
);

-- `geom` gets the reference system of the store, which was chosen with the first migration.
DO $$
DECLARE
    code integer;
BEGIN
    SELECT srid INTO code FROM geometry_columns
    WHERE f_table_schema = 'patchmap' AND f_table_name = 'incidents' AND f_geometry_column = 'geom';
    EXECUTE format(
        'ALTER TABLE patchmap.patchmap_tasks ALTER COLUMN geom TYPE geometry(Geometry, %s)', code
    );
END $$;

CREATE INDEX patchmap_tasks_geom ON patchmap.patchmap_tasks USING gist (geom);

INSERT INTO patchmap.patchmap_counters (name, value) VALUES ('tasks', 0);
