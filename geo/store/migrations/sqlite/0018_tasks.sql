-- Tasks, priorities, the roster and meetings: their steps, which are only added.

CREATE TABLE patchmap_tasking_steps (
    subject TEXT NOT NULL CHECK (subject IN ('task', 'priority', 'roster', 'meeting')),
    record_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    meeting TEXT NOT NULL,
    step TEXT NOT NULL,
    PRIMARY KEY (subject, record_id, number)
) WITHOUT ROWID;

CREATE INDEX patchmap_tasking_meetings ON patchmap_tasking_steps (meeting) WHERE meeting <> '';

-- What the steps of each task lead to, for lists and for other programs.
CREATE TABLE patchmap_tasks (
    fid INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    geom GEOMETRY NOT NULL,
    task_id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    kind TEXT NOT NULL,
    level TEXT NOT NULL,
    state TEXT NOT NULL,
    owner TEXT NOT NULL,
    service TEXT NOT NULL,
    due DATE,
    priority TEXT NOT NULL,
    parent TEXT NOT NULL,
    meeting TEXT NOT NULL,
    place_kind TEXT NOT NULL,
    place_ref TEXT NOT NULL,
    place_label TEXT NOT NULL,
    question TEXT NOT NULL,
    outcome TEXT NOT NULL,
    finding TEXT NOT NULL,
    reason TEXT NOT NULL,
    referral TEXT NOT NULL,
    referred_to TEXT NOT NULL,
    waiting_since DATETIME,
    done_at DATETIME,
    raised_by TEXT NOT NULL,
    raised_at DATETIME NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at DATETIME NOT NULL
);

INSERT INTO patchmap_counters (name, value) VALUES ('tasks', 0);
