"""What can be wrong with the tables of a PostGIS store."""

from __future__ import annotations

import psycopg
from psycopg import errors

# Each query selects what must not be there.
_NEVER = {
    "months that are made and not attached": """
        SELECT relname::text FROM pg_class
        WHERE relnamespace = 'patchmap'::regnamespace AND relkind = 'r'
        AND relname LIKE 'patchmap_incidents_%' AND NOT relispartition""",
    "incidents without their id, or ids without their incident": """
        SELECT incident_id, i.fid, k.fid FROM patchmap.incidents AS i
        FULL JOIN patchmap.patchmap_ids AS k USING (incident_id, fid, occurred_from)
        WHERE i.fid IS NULL OR k.fid IS NULL""",
    "a count that is not the incidents'": """
        SELECT feature_count FROM patchmap.patchmap_totals WHERE table_name = 'incidents'
        AND feature_count <> (SELECT count(*) FROM patchmap.incidents)""",
    "imports that hold more or fewer rows than they tell": """
        SELECT r.import_id, rows_accepted, count(i.fid) FROM patchmap.patchmap_imports AS r
        LEFT JOIN patchmap.incidents AS i USING (import_id)
        WHERE whole IS NULL GROUP BY 1, 2, state HAVING count(i.fid) <> CASE state
        WHEN 'current' THEN rows_accepted ELSE 0 END""",
    # A row of an extract that says nothing new stays the one of the extract before.
    "extracts that hold more rows than they tell": """
        SELECT r.import_id, rows_accepted, count(i.fid) FROM patchmap.patchmap_imports AS r
        LEFT JOIN patchmap.incidents AS i USING (import_id)
        WHERE whole IS NOT NULL GROUP BY 1, 2, state HAVING count(i.fid) > CASE state
        WHEN 'current' THEN rows_accepted ELSE 0 END""",
    "replaced rows that no import replaced": """
        SELECT fid FROM patchmap.patchmap_replaced AS r WHERE NOT EXISTS
        (SELECT 1 FROM patchmap.patchmap_imports AS i
         WHERE i.import_id = r.replaced_by AND r.import_id = ANY (i.replaced_imports))""",
    "layers without their table": """
        SELECT layer_id FROM patchmap.patchmap_layers WHERE NOT EXISTS
        (SELECT 1 FROM pg_class WHERE pg_class.oid = relation)""",
    "indexes that are not used": """
        SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indrelid
        WHERE relnamespace = 'patchmap'::regnamespace AND NOT (indisvalid AND indisready)""",
}
# What PostgreSQL itself can tell of its files; only an administrator may ask.
_DAMAGE = """
    SELECT c.relname::text, blkno, msg FROM pg_class AS c, verify_heapam(c.oid)
    WHERE relnamespace = 'patchmap'::regnamespace AND relkind = 'r'"""
_TREES = """
    SELECT bt_index_parent_check(c.oid, true) FROM pg_class AS c JOIN pg_am a ON a.oid = relam
    WHERE relnamespace = 'patchmap'::regnamespace AND amname = 'btree' AND relkind = 'i'"""
_IN_THE_SPATIAL_INDEX = """
    SELECT count(*) FROM patchmap.incidents
    WHERE geom && ST_Expand(ST_SetSRID(ST_MakePoint(0, 0), (SELECT srid FROM geometry_columns
    WHERE f_table_name = 'incidents')), 10000000)"""


def faults(url: str) -> list[str]:
    """Every fault of the tables, their indexes and counts; none of a sound store."""
    with psycopg.connect(url, autocommit=True) as connection:
        problems = [
            f"{what}: {row}"
            for what, query in _NEVER.items()
            for row in connection.execute(query.encode())
        ]
        return problems + _of_spatial_index(connection) + _of_files(connection)


def _of_spatial_index(connection: psycopg.Connection) -> list[str]:
    counted = connection.execute("SELECT count(*) FROM patchmap.incidents").fetchone()
    with connection.transaction():
        connection.execute("SET LOCAL enable_seqscan = off")
        plan = str(connection.execute(f"EXPLAIN {_IN_THE_SPATIAL_INDEX}".encode()).fetchall())
        indexed = connection.execute(_IN_THE_SPATIAL_INDEX.encode()).fetchone()
    if "Index Cond: (geom" not in plan:
        return [] if counted == (0,) else ["the spatial index is not used"]
    return (
        [] if indexed == counted else [f"the spatial index holds {indexed} incidents of {counted}"]
    )


def _of_files(connection: psycopg.Connection) -> list[str]:
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        problems = [f"damage: {row}" for row in connection.execute(_DAMAGE.encode())]
        connection.execute(_TREES.encode())
    except (errors.InsufficientPrivilege, errors.UndefinedFile, errors.FeatureNotSupported):
        return []
    except (errors.IndexCorrupted, errors.DataCorrupted) as error:
        return [f"damage: {error.diag.message_primary}"]
    return problems
