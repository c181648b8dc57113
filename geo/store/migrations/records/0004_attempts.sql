-- Attempts to sign in, counted over all processes; only the hash of whom or where is kept.

CREATE TABLE patchmap_attempts (
    subject TEXT NOT NULL,
    attempted_at TEXT NOT NULL
);

CREATE INDEX patchmap_attempts_by_subject ON patchmap_attempts (subject, attempted_at);
