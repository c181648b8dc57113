"""Service requests as Open311 publishes them, and reports as FixMyStreet exports them.

Two files are read. GeoReport v2 as JSON: a list of requests, as the standard has it, or the
`{"requests": [{"request": […]}]}` of FixMyStreet. And the CSV of FixMyStreet's dashboard. Each is
made into tables of the few columns that a built-in mapping reads, so both are checked as any other
extract of records.

What people wrote is not read: titles, descriptions, names, pictures, and notes that are not short
and plain. So it is in no store, and not in the file of rejected rows either.

Source: https://wiki.open311.org/GeoReport_v2/ (GET Service Requests); FixMyStreet's controller
`Open311` and its `Reporting`, of which the columns of the CSV are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from geo.crs import Projection
from geo.errors import InputError
from geo.formats.bounded import open_input, read_input, sha256_of
from geo.formats.csv_table import Table, read_tables
from geo.incidents import Partition
from geo.personal_texts import contact_text, personal_text
from geo.sources import FIXMYSTREET, OPEN311
from geo.sources.mapping import read_mapping
from geo.sources.spreadsheet import ReadTables, read_mapped_tables

LARGEST_JSON: Final = 256 * 2**20
"""Bytes of a file of requests: some 300,000 of them."""

LONGEST_NOTE: Final = 60
"""Characters of a note that is taken for an outcome; a longer one tells a story."""

COLUMNS: Final = (
    "id",
    "category",
    "latitude",
    "longitude",
    "address",
    "received",
    "due",
    "answered",
    "closed",
    "outcome",
    "service",
    "channel",
)
"""Columns of the tables that are made of either file."""

_NO_TIME: Final = "closed, at no stated time"
"""In place of a time, so that the row is rejected: else it would count as open for ever."""

_READ: Final = frozenset(
    {
        "service_request_id",
        "status",
        "status_notes",
        "service_name",
        "service_code",
        "requested_datetime",
        "updated_datetime",
        "expected_datetime",
        "lat",
        "long",
        "address",
        "agency_responsible",
    }
)

CSV_NEEDED: Final = ("Report ID", "Category", "Created", "Status", "Latitude", "Longitude")
"""Columns by which a CSV of FixMyStreet is known."""

_CSV_READ: Final = frozenset(
    {
        *CSV_NEEDED,
        "Subcategory",
        "Confirmed",
        "Acknowledged",
        "Fixed",
        "Closed",
        "Reported As",
        # They say the same as the coordinates.
        "Easting",
        "Northing",
    }
)

OPEN_STATES: Final = frozenset(
    {
        "unconfirmed",
        "confirmed",
        "open",
        "investigating",
        "in progress",
        "planned",
        "action scheduled",
    }
)
"""States of FixMyStreet in which a report still waits."""

_MAPPING: Final = """\
source = "{source}"
id = "id"
address = "address"

[when]
from = "received"
format = "iso"

[where]
longitude = "longitude"
latitude = "latitude"

[what]
column = "category"

[life]
every_kind = "request"
channel = "channel"
received = "received"
due = "due"
answered = "answered"
closed = "closed"
outcome = "outcome"
service = "service"
withdrawn = ["cancelled", "duplicate"]
extract = "changes"

[metadata]
title = "{title}"
caveats = [{caveats}]
"""

_TITLES: Final = {OPEN311: "Service requests by Open311", FIXMYSTREET: "Reports on FixMyStreet"}
_CAVEATS: Final = {
    OPEN311: (
        "A closed request is dated by its last change; in some systems that is no closing.",
        "When a request was first answered is not published: its closing counts as the answer.",
    ),
    FIXMYSTREET: (
        "A report is answered by the first update that changes its state.",
        "Reports that were hidden or kept private are not in the file.",
    ),
}


def read_open311(
    path: Path, projection: Projection, *, name: str = "", extracted: date | None = None
) -> Partition:
    """Read service requests from the JSON of an Open311 GeoReport v2 server.

    A server gives some of its requests at a time, so what is missing from a file has not vanished.

    Parameters
    ----------
    path
        The answer of `requests.json`, saved.
    projection
        Converts the points to metres.
    name
        The name of the partition: where a store has several councils, one for each, because their
        servers can give the same ids.
    extracted
        Of which day it is; today by default.

    Returns
    -------
    partition
        Its rows are read later, by `batches`.

    Raises
    ------
    InputError
        If it is not such a file. Reading its batches raises it too.
    """
    tables = partial(_request_tables, path)
    return _partition(OPEN311, tables, projection, path, name=name, extracted=extracted)


def read_fixmystreet(
    path: Path, projection: Projection, *, name: str = "", extracted: date | None = None
) -> Partition:
    """Read reports from the CSV that a council exports from its dashboard on FixMyStreet.

    The export is of a range of days, so what is missing from a file has not vanished.

    Parameters
    ----------
    path, projection, name, extracted
        As for `read_open311`.

    Returns
    -------
    partition
        As for `read_open311`.

    Raises
    ------
    InputError
        If it is not such a file. Reading its batches raises it too.
    """
    tables = partial(_report_tables, path)
    return _partition(FIXMYSTREET, tables, projection, path, name=name, extracted=extracted)


def _partition(
    source: str,
    tables: ReadTables,
    projection: Projection,
    path: Path,
    *,
    name: str,
    extracted: date | None,
) -> Partition:
    caveats = ", ".join(f'"{caveat}"' for caveat in _CAVEATS[source])
    text = _MAPPING.format(source=source, title=_TITLES[source], caveats=caveats)
    mapping = read_mapping(text.encode(), file=source, folder=None)
    with open_input(path) as stream:
        digest = sha256_of(stream, file=path.name)
    return read_mapped_tables(
        tables,
        mapping,
        projection,
        file=path.name,
        sha256=digest,
        name=name,
        extracted=extracted,
    )


def _request_tables(path: Path, *, rows: int) -> Iterator[Table]:
    """The requests of a JSON file, as tables of `COLUMNS`; a line is the number of a request."""
    requests = _requests(read_input(path, most=LARGEST_JSON), path.name)
    keys = {key for request in requests for key in request}
    notices = _left_unread(path.name, keys - _READ)
    for start in range(0, len(requests), rows):
        part = [_request_row(one) for one in requests[start : start + rows]]
        lines = np.arange(start + 1, start + len(part) + 1)
        yield Table(path.name, list(COLUMNS), lines, part, notices=notices)


def _requests(content: bytes, file: str) -> list[dict[str, Any]]:
    if content.lstrip()[:1] == b"<":
        raise InputError(f"{file} is XML; ask the server for requests.json")
    try:
        value = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{file} is not JSON: {error}") from error
    if isinstance(value, dict):
        value = next((value[key] for key in ("requests", "service_requests") if key in value), None)
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        # FixMyStreet writes the list of requests as XML would nest it.
        nested = [one.get("request") for one in value]
        if value and all(isinstance(one, list) for one in nested):
            value = [request for one in nested for request in one]
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InputError(f"{file} is no list of Open311 requests; save what requests.json answers")
    if not value:
        raise InputError(f"{file} holds no request")
    if not any("service_request_id" in one for one in value):
        raise InputError(
            f"{file} has no service_request_id; save what requests.json answers, not services.json"
        )
    return value


def _request_row(request: Mapping[str, Any]) -> list[str]:
    is_closed = _text(request.get("status")).casefold() == "closed"
    return [
        _text(request.get("service_request_id")),
        _text(request.get("service_name")) or _text(request.get("service_code")),
        _text(request.get("lat")),
        _text(request.get("long")),
        _without_contact(_text(request.get("address"))),
        _text(request.get("requested_datetime")),
        _text(request.get("expected_datetime")),
        "",
        (_text(request.get("updated_datetime")) or _NO_TIME) if is_closed else "",
        _plain(_text(request.get("status_notes"))),
        _without_contact(_agency(request.get("agency_responsible"))),
        "",
    ]


def _agency(value: object) -> str:
    """The body that is responsible: a text, or FixMyStreet's `{"recipient": […]}`."""
    if isinstance(value, Mapping):
        value = value.get("recipient")
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return _text(value)


def _report_tables(path: Path, *, rows: int) -> Iterator[Table]:
    """The reports of a CSV, as tables of `COLUMNS`."""
    with open_input(path) as stream:
        if stream.read(1) in (b"[", b"{"):
            raise InputError(f"{path.name} is JSON; import it with --source {OPEN311}")
        stream.seek(0)
        for table in read_tables(stream, file=path.name, rows=rows):
            table.require(*CSV_NEEDED)
            unread = _left_unread(path.name, set(table.header) - _CSV_READ)
            made = [_report_row(dict(zip(table.header, row, strict=False))) for row in table.rows]
            # Such a row is too narrow here too, and is rejected for it.
            note = [f"not as wide as the header, {len(table.header)} columns"]
            fields = [
                note if wrong else row for wrong, row in zip(table.wrong_width, made, strict=True)
            ]
            yield replace(
                Table(path.name, list(COLUMNS), table.lines, fields),
                notices=table.notices + unread,
            )


def _report_row(report: Mapping[str, str]) -> list[str]:
    values = {name: " ".join(text.split()) for name, text in report.items()}
    state = values.get("Status", "").casefold()
    group, own = values.get("Category", ""), values.get("Subcategory", "")
    as_staff = values.get("Reported As", "") == "body"
    return [
        values.get("Report ID", ""),
        own or group,
        values.get("Latitude", ""),
        values.get("Longitude", ""),
        "",
        values.get("Confirmed") or values.get("Created", ""),
        "",
        values.get("Acknowledged", ""),
        _closed(state, fixed=values.get("Fixed", ""), closed=values.get("Closed", "")),
        "" if state in OPEN_STATES else _plain(state),
        group if own else "",
        "officer" if as_staff else "resident",
    ]


def _closed(state: str, *, fixed: str, closed: str) -> str:
    """When a report was closed, '' if it is open: one that was opened again has old times."""
    if state in OPEN_STATES:
        return ""
    times = (fixed, closed) if state.startswith("fixed") else (closed, fixed)
    return times[0] or times[1] or _NO_TIME


def _left_unread(file: str, names: Collection[str]) -> tuple[str, ...]:
    if not names:
        return ()
    listed = ", ".join(sorted(map(_one_line, names)))
    return (f"{file}: not read, because people can be named there: {listed[:300]}",)


def _text(value: object) -> str:
    """A text or number of JSON on one line; '' for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return _one_line(str(value))


def _one_line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _plain(note: str) -> str:
    """A note that can be an outcome; '' for one that is long or looks personal."""
    return note if len(note) <= LONGEST_NOTE and not personal_text(note) else ""


def _without_contact(text: str) -> str:
    return "" if contact_text(text) else text
