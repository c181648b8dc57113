-- When a reopened record had been closed, '' of other events: a purge forgets the life that said it.
ALTER TABLE patchmap_life_events ADD COLUMN closed TEXT NOT NULL DEFAULT '';

UPDATE patchmap_life_events SET closed = coalesce(
    (
        SELECT l.closed FROM patchmap_lives AS l
        WHERE l.incident_id = patchmap_life_events.incident_id
        AND l.replaced_by = patchmap_life_events.import_id
    ),
    ''
)
WHERE event = 'reopened';

-- Whether an extract holds all records; null where it is none, or of an earlier release.
ALTER TABLE patchmap_imports ADD COLUMN whole INTEGER;
