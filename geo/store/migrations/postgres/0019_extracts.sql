-- When a reopened record had been closed, '' of other events: a purge forgets the life that said it.
ALTER TABLE patchmap.patchmap_life_events ADD COLUMN closed text COLLATE "C" NOT NULL DEFAULT '';

UPDATE patchmap.patchmap_life_events AS e SET closed = l.closed
FROM patchmap.patchmap_lives AS l
WHERE e.event = 'reopened' AND l.incident_id = e.incident_id AND l.replaced_by = e.import_id;

-- Whether an extract holds all records; null where it is none, or of an earlier release.
ALTER TABLE patchmap.patchmap_imports ADD COLUMN whole integer;
