-- When the rows that an import replaced were purged; '' while it can be undone.

ALTER TABLE patchmap.patchmap_imports ADD COLUMN purged_at text NOT NULL DEFAULT '';
