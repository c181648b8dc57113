-- How often other programs edited the incidents of a partition, or some were removed for good.
CREATE TABLE patchmap.patchmap_edits (
    partition_id text COLLATE "C" NOT NULL PRIMARY KEY,
    changes bigint NOT NULL
);

-- Other programs do not move the counter of incidents, by which copies and answers are known to be
-- old. Patchmap's own transactions say that they count their changes themselves.
CREATE FUNCTION patchmap.patchmap_count_edits(partition_ids text []) RETURNS void
LANGUAGE sql AS $$
    INSERT INTO patchmap.patchmap_edits AS e (partition_id, changes)
    SELECT DISTINCT unnest(partition_ids), 1
    ON CONFLICT (partition_id) DO UPDATE SET changes = e.changes + 1;
    UPDATE patchmap.patchmap_counters
    SET value = value + (SELECT count(DISTINCT one) FROM unnest(partition_ids) AS one)
    WHERE name = 'incidents';
$$;

-- Rows belong to the partition of their import, whatever an editor wrote beside it.
CREATE FUNCTION patchmap.patchmap_edits_came() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM patchmap.patchmap_count_edits(ARRAY(
        SELECT DISTINCT coalesce(m.partition_id, r.partition_id)
        FROM came AS r LEFT JOIN patchmap.patchmap_imports AS m USING (import_id)
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION patchmap.patchmap_edits_went() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM patchmap.patchmap_count_edits(ARRAY(
        SELECT DISTINCT coalesce(m.partition_id, r.partition_id)
        FROM went AS r LEFT JOIN patchmap.patchmap_imports AS m USING (import_id)
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION patchmap.patchmap_edits_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM patchmap.patchmap_count_edits(ARRAY(
        SELECT DISTINCT coalesce(m.partition_id, r.partition_id)
        FROM (
            SELECT import_id, partition_id FROM went
            UNION SELECT import_id, partition_id FROM came
        ) AS r LEFT JOIN patchmap.patchmap_imports AS m USING (import_id)
    ));
    RETURN NULL;
END $$;

CREATE FUNCTION patchmap.patchmap_edits_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM patchmap.patchmap_count_edits(ARRAY(
        SELECT DISTINCT partition_id FROM patchmap.patchmap_imports
    ));
    RETURN NULL;
END $$;

CREATE TRIGGER patchmap_edits_came AFTER INSERT ON patchmap.incidents
REFERENCING NEW TABLE AS came
FOR EACH STATEMENT WHEN (current_setting('patchmap.counts', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION patchmap.patchmap_edits_came();

CREATE TRIGGER patchmap_edits_went AFTER DELETE ON patchmap.incidents
REFERENCING OLD TABLE AS went
FOR EACH STATEMENT WHEN (current_setting('patchmap.counts', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION patchmap.patchmap_edits_went();

CREATE TRIGGER patchmap_edits_changed AFTER UPDATE ON patchmap.incidents
REFERENCING OLD TABLE AS went NEW TABLE AS came
FOR EACH STATEMENT WHEN (current_setting('patchmap.counts', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION patchmap.patchmap_edits_changed();

CREATE TRIGGER patchmap_edits_emptied AFTER TRUNCATE ON patchmap.incidents
FOR EACH STATEMENT WHEN (current_setting('patchmap.counts', true) IS DISTINCT FROM 'on')
EXECUTE FUNCTION patchmap.patchmap_edits_emptied();
