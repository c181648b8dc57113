-- Who may use the service: accounts, the keys of other programs, and signed-in sessions.

CREATE TABLE patchmap.patchmap_users (
    name text COLLATE "C" PRIMARY KEY,
    -- A JSON array of roles.
    roles text COLLATE "C" NOT NULL,
    -- The layer and JSON array of codes of the areas that an officer works in; NULL for all.
    area_layer text COLLATE "C",
    area_codes text COLLATE "C",
    -- argon2; NULL for those who sign in elsewhere.
    password text COLLATE "C",
    disabled integer NOT NULL DEFAULT 0,
    added_at text COLLATE "C" NOT NULL,
    added_by text COLLATE "C" NOT NULL
);

CREATE TABLE patchmap.patchmap_keys (
    key_id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    roles text COLLATE "C" NOT NULL,
    area_layer text COLLATE "C",
    area_codes text COLLATE "C",
    sha256 text COLLATE "C" NOT NULL UNIQUE,
    expires_at text COLLATE "C" NOT NULL,
    revoked_at text COLLATE "C",
    used_at text COLLATE "C",
    added_at text COLLATE "C" NOT NULL
);

CREATE TABLE patchmap.patchmap_sessions (
    sha256 text COLLATE "C" PRIMARY KEY,
    user_name text COLLATE "C" NOT NULL,
    began_at text COLLATE "C" NOT NULL,
    used_at text COLLATE "C" NOT NULL
);
