"""The two pages for importing: the list of all imports, and the page of one file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from fastapi import Response

from api.data.choices import COUNTED, LAYER_USES, USES, is_published
from api.data.mapping_form import extract_column
from api.data.service import READ_ONLY, DataService
from api.data.table_form import (
    CHOICES,
    ENTRY_TITLES,
    TABLE_USES,
    VALUE_TITLES,
    header_of,
    table_roles,
)
from api.data.uploads import EXPIRES_S, Upload
from api.dependencies import HTML
from api.errors import status_of
from api.imports.layers import undone_line as undone_layer_line
from api.imports.outcome import Undoable
from api.imports.records import undone_line
from api.imports.table_tasks import undone_table_line
from api.look.facts import FieldFacts, FileFacts
from api.look.kinds import Kind
from api.pages.templating import templates
from api.pages.text import reason_of
from api.settings import VERSION
from geo.errors import PatchmapError
from geo.formats.features import FEATURE_ENDINGS
from geo.incidents import category_title
from geo.measures.fingertips import is_fingertips
from geo.store.contract import ImportRecord, LayerChange
from geo.store.measure_contract import TableImport

MOST_LISTED: Final = 200
"""Imports and changes of layers on the list, the latest ones."""

FORMATS: Final = (
    *("dd/mm/yyyy", "dd/mm/yyyy HH:MM", "iso", "yyyy-mm-dd HH:MM", "dd mmm yyyy"),
    *("mm/dd/yyyy", "epoch", "epoch-ms", "excel"),
)
"""Formats of dates that the form suggests besides those that the values fit."""

# Without a referrer a browser sends forms with the origin `null`, which the guard refuses.
_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "same-origin"}
_ROLES: Final = {
    "id": "id",
    "from": "date",
    "from_time": "time",
    "to": "end date",
    "to_time": "end time",
    "x": "place",
    "y": "place",
    "column": "category",
}


def list_page(
    service: DataService, *, undone: str = "", refusal: PatchmapError | None = None, status: int = 0
) -> Response:
    """The form for a file, and all imports and changes of layers.

    Parameters
    ----------
    undone
        What was just undone, as the address names it.
    refusal, status
        Why something was refused, and the HTTP status.
    """
    store = service.store
    with store.reading():
        records = store.imports(history=True)
        changes = store.layer_changes()
        tables = store.table_imports()
        layers = store.layers()
    text = templates.get_template("data.html").render(
        token=service.token,
        most=service.uploads.most_bytes,
        read_only=READ_ONLY if store.is_read_only else "",
        refusal=reason_of(refusal) if refusal else "",
        undone=_undone(undone, records, changes, tables),
        imports=[*reversed(records)][:MOST_LISTED],
        more_imports=max(0, len(records) - MOST_LISTED),
        undoable=_undoable(records, changes) | _undoable_tables(tables),
        tables=[*reversed(tables)][:MOST_LISTED],
        more_tables=max(0, len(tables) - MOST_LISTED),
        changes=[*reversed(changes)][:MOST_LISTED],
        layers={one.layer_id: one for one in layers},
        names=service.gazetteer.sources() if service.gazetteer else [],
        unrecorded=[
            one for one in layers if one.layer_id not in {each.layer_id for each in changes}
        ],
        version=VERSION,
    )
    status = status or (status_of(refusal) if refusal else 200)
    return Response(text, status_code=status, media_type=HTML, headers=_HEADERS)


def file_page(
    service: DataService,
    upload: Upload,
    *,
    refusal: PatchmapError | None = None,
    status: int = 0,
) -> Response:
    """What a file is and how it is imported; how far an import is, or what came of it.

    Parameters
    ----------
    refusal, status
        Why something was refused, and the HTTP status.
    """
    facts, values, job = service.look(upload), service.values(upload), upload.job
    is_form = job is None or job.state == "failed"
    failed = refusal or (job.refusal if job else None)
    text = templates.get_template("data_file.html").render(
        token=service.token,
        upload=upload,
        facts=facts,
        values=values,
        job=job,
        is_form=is_form,
        preview=service.preview(upload) if is_form or (job and job.is_over) else None,
        problem=str(failed) if failed else "",
        published=is_published(facts),
        extract_column=extract_column(facts.proposal.get("mapping", "")),
        # Whatever has rows can be incidents or figures, if somebody says how.
        importable=bool(facts.use or facts.fields),
        is_features=upload.path.suffix.lower() in FEATURE_ENDINGS,
        is_workbook=facts.kind == str(Kind.WORKBOOK),
        uses=_uses(facts),
        columns=_columns(facts, upload),
        rows=_first_rows(facts.fields),
        roles=_roles(facts, values),
        choices=CHOICES,
        value_titles=VALUE_TITLES,
        entry_titles=ENTRY_TITLES,
        fingertips=is_fingertips(header_of(facts)),
        formats=_formats(facts.fields, values),
        layers=service.answers.snapshot().layers(),
        counted=COUNTED,
        expires=int(EXPIRES_S // 60),
        read_only=READ_ONLY if service.store.is_read_only else "",
        category_title=category_title,
        version=VERSION,
    )
    status = status or (status_of(failed) if failed else 200)
    return Response(text, status_code=status, media_type=HTML, headers=_HEADERS)


def _undoable(records: Iterable[ImportRecord], changes: Iterable[LayerChange]) -> set[str]:
    """What can be undone now: the last import of each partition, the last change of each layer."""
    last = {one.partition_id: one for one in records if one.state == "current"}
    imports = {str(Undoable("import", one.import_id)) for one in last.values() if not one.purged_at}
    latest = {one.layer_id: one for one in changes if one.state != "undone"}
    layers = {
        str(Undoable("layer", one.change_id)) for one in latest.values() if one.state == "current"
    }
    return imports | layers


def _undoable_tables(records: Iterable[TableImport]) -> set[str]:
    """The imports of values and entries that can be undone now, as far as the records tell."""
    current = [one for one in records if one.state == "current"]
    last = {measure: one.import_id for one in current for measure in one.measures}
    return {
        str(Undoable(one.subject, one.import_id))
        for one in current
        if not one.purged_at and all(last[own] == one.import_id for own in one.measures)
    }


def _undone(
    text: str,
    records: Iterable[ImportRecord],
    changes: Iterable[LayerChange],
    tables: Iterable[TableImport],
) -> list[str]:
    """What the undos that an address names did, of those that are undone indeed."""
    lines = {
        str(Undoable("import", one.import_id)): undone_line(one)
        for one in records
        if one.state == "undone"
    } | {
        str(Undoable("layer", one.change_id)): undone_layer_line(one)
        for one in changes
        if one.state == "undone"
    }
    lines |= {
        str(Undoable(one.subject, one.import_id)): undone_table_line(one)
        for one in tables
        if one.state == "undone"
    }
    return [lines[name] for name in text.split(",") if name in lines]


def _uses(facts: FileFacts) -> list[tuple[str, str, str]]:
    """What the file can be imported as, the recognised one first: key, title and meaning."""
    ordered = sorted(USES, key=lambda use: use != facts.use)
    if is_published(facts):
        ordered = ["incidents"]
    return [(use, *USES[use]) for use in ordered]


def _columns(facts: FileFacts, upload: Upload) -> list[tuple[str, str]]:
    """The columns to choose from, each with its first value."""
    columns = [(one.name, one.samples[0] if one.samples else "") for one in facts.fields]
    if upload.path.suffix.lower() in FEATURE_ENDINGS:
        names = {name for name, _ in columns}
        made = ("longitude", "latitude", "easting", "northing")
        columns += [(name, "of the point") for name in made if name not in names]
    return columns


def _first_rows(fields: Iterable[FieldFacts]) -> list[tuple[str, ...]]:
    return [*zip(*(one.first for one in fields), strict=True)]


def _roles(facts: FileFacts, values: Mapping[str, str]) -> dict[str, str]:
    """What each column is used as, by its name."""
    if values.get("use") in TABLE_USES:
        return table_roles(facts, values)
    if values.get("use") in LAYER_USES:
        named = {"code_field": "code", "name_field": "name"}
    elif values.get("use") == "figures":
        named = {"key": "area code", **{name: name for name in COUNTED}}
    else:
        named = _ROLES
    return {values[field]: role for field, role in named.items() if values.get(field)}


def _formats(fields: Iterable[FieldFacts], values: Mapping[str, str]) -> dict[str, list[str]]:
    """The formats that the chosen dates fit, and others."""
    own = next((list(one.formats) for one in fields if one.name == values.get("from")), [])
    return {"own": own, "others": [form for form in FORMATS if form not in own]}
