-- Attempts to sign in, counted over all processes; only the hash of whom or where is kept.

CREATE TABLE patchmap.patchmap_attempts (
    subject text COLLATE "C" NOT NULL,
    attempted_at text COLLATE "C" NOT NULL
);

CREATE INDEX patchmap_attempts_by_subject ON patchmap.patchmap_attempts (subject, attempted_at);
