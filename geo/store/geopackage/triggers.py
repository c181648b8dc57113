"""The triggers of a feature table, by which other programs keep its index and counts true.

Source: OGC 12-128r17, GeoPackage Encoding Standard 1.3, annex F.3; GDAL's `gpkg_ogr_contents`.
Version 1.4 has others: GDAL 3.6 and QGIS 3.22 know 1.3, and a file must be of one version.
"""

from __future__ import annotations

FORMER: tuple[str, ...] = ("update6", "update7", "update5")
"""Triggers of GeoPackage 1.4, which the stores of earlier releases have."""


def quoted(name: str) -> str:
    """A name as an SQL identifier, whatever characters it has."""
    return '"' + name.replace('"', '""') + '"'


def index_name(table: str) -> str:
    """The name of a table's spatial index."""
    return f"rtree_{table}_geom"


def former_triggers(table: str) -> list[str]:
    """The names of the triggers that a table of an earlier release has and the standard lacks."""
    return [f"{index_name(table)}_{name}" for name in FORMER]


def triggers(table: str) -> dict[str, str]:
    """The SQL of each trigger of a feature table, by its name.

    Names and statements of the index are the standard's, so other programs recognise them.
    """
    index, data = quoted(index_name(table)), quoted(table)
    filled = "(NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))"
    empty = "(NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))"
    box = "ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom)"
    put = f"INSERT OR REPLACE INTO {index} VALUES (NEW.fid, {box})"
    drop = f"DELETE FROM {index} WHERE id = OLD.fid"
    of_geometry = f"AFTER UPDATE OF geom ON {data} WHEN OLD.fid = NEW.fid AND"
    of_id = f"AFTER UPDATE ON {data} WHEN OLD.fid != NEW.fid AND"
    rules = {
        "insert": (f"AFTER INSERT ON {data} WHEN {filled}", put),
        "update1": (f"{of_geometry} {filled}", put),
        "update2": (f"{of_geometry} {empty}", drop),
        "update3": (f"{of_id} {filled}", f"{drop}; {put}"),
        "update4": (f"{of_id} {empty}", f"DELETE FROM {index} WHERE id IN (OLD.fid, NEW.fid)"),
        "delete": (f"AFTER DELETE ON {data} WHEN OLD.geom NOT NULL", drop),
    }
    bodies = (
        {
            f"{index_name(table)}_{name}": f"{when} BEGIN {then}; END"
            for name, (when, then) in rules.items()
        }
        | _count_triggers(table)
        | _edit_triggers(table)
    )
    return {name: f"CREATE TRIGGER {quoted(name)} {body}" for name, body in bodies.items()}


def _count_triggers(table: str) -> dict[str, str]:
    """The triggers by which GDAL counts features; it recognises them by these names."""
    text = "'" + table.replace("'", "''") + "'"
    return {
        f"trigger_{event}_feature_count_{table}": (
            f"AFTER {event.upper()} ON {quoted(table)} BEGIN UPDATE gpkg_ogr_contents"
            f" SET feature_count = feature_count {sign} 1"
            f" WHERE lower(table_name) = lower({text}); END"
        )
        for event, sign in (("insert", "+"), ("delete", "-"))
    }


def _edit_triggers(table: str) -> dict[str, str]:
    """The triggers by which an edit of another program moves the counter of what it edits."""
    if table != "incidents":
        subject = "tasks" if table == "patchmap_tasks" else "layers"
        raised = f"UPDATE patchmap_counters SET value = value + 1 WHERE name = '{subject}'"
        bodies = dict.fromkeys(("insert", "update", "delete"), raised)
    else:
        bodies = {
            "insert": _count_edit("NEW"),
            "update": f"{_count_edit('OLD')}; {_count_edit('NEW')}",
            "delete": _count_edit("OLD"),
        }
    after = f"ON {quoted(table)} BEGIN"
    return {
        f"patchmap_edits_{event}_{table}": f"AFTER {event.upper()} {after} {then}; END"
        for event, then in bodies.items()
    }


def _count_edit(row: str) -> str:
    # A row belongs to the partition of its import, whatever an editor wrote beside it.
    own = f"(SELECT partition_id FROM patchmap_imports WHERE import_id = {row}.import_id)"
    return (
        "INSERT INTO patchmap_edits (partition_id, changes)"
        f" VALUES (coalesce({own}, {row}.partition_id), 1)"
        " ON CONFLICT (partition_id) DO UPDATE SET changes = changes + 1;"
        " UPDATE patchmap_counters SET value = value + 1 WHERE name = 'incidents'"
    )
