-- Counts by London day in the summary of each import, by which the latest days are found.

UPDATE patchmap.patchmap_imports AS imports
SET summary = (imports.summary::jsonb || jsonb_build_array(counted.days))::text
FROM (
    SELECT import_id, jsonb_object_agg(day, n) AS days
    FROM (
        SELECT
            import_id,
            to_char(occurred_from AT TIME ZONE 'Europe/London', 'YYYY-MM-DD') AS day,
            count(*) AS n
        FROM patchmap.incidents
        GROUP BY import_id, day
    ) AS by_day
    GROUP BY import_id
) AS counted
WHERE
    counted.import_id = imports.import_id
    AND jsonb_array_length(imports.summary::jsonb) = 5;
