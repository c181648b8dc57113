-- Who may use the service: accounts, the keys of other programs, and signed-in sessions.

CREATE TABLE patchmap_users (
    name TEXT PRIMARY KEY,
    -- A JSON array of roles.
    roles TEXT NOT NULL,
    -- The layer and JSON array of codes of the areas that an officer works in; NULL for all.
    area_layer TEXT,
    area_codes TEXT,
    -- argon2; NULL for those who sign in elsewhere.
    password TEXT,
    disabled INTEGER NOT NULL DEFAULT 0,
    added_at TEXT NOT NULL,
    added_by TEXT NOT NULL
);

CREATE TABLE patchmap_keys (
    key_id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    roles TEXT NOT NULL,
    area_layer TEXT,
    area_codes TEXT,
    sha256 TEXT NOT NULL UNIQUE,
    expires_at TEXT NOT NULL,
    revoked_at TEXT,
    used_at TEXT,
    added_at TEXT NOT NULL
);

CREATE TABLE patchmap_sessions (
    sha256 TEXT PRIMARY KEY,
    user_name TEXT NOT NULL,
    began_at TEXT NOT NULL,
    used_at TEXT NOT NULL
);
