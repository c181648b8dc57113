"""Whatever text users planted: no cell of any CSV that a command or a page writes is a formula.

`tests/test_house.py` holds that one module writes every CSV, and another one every workbook; that
one's cells are looked at in `tests/geo/test_workbook.py`.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from fastapi.testclient import TestClient
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from shapely import box
from typer.core import TyperGroup

from api.app import make_app
from api.cli import app
from api.reports.kinds import REPORTS
from api.settings import Settings
from geo.analyses import ANALYSES
from geo.crs import BRITISH_NATIONAL_GRID
from geo.formats.formulas import NUMBER
from geo.incidents import COLUMNS, REJECT_COLUMNS, Batch, Extract, Partition
from geo.measures.model import Measure, entries_frame, values_frame
from geo.records.life import with_life_types
from geo.store.contract import LayerMetadata
from geo.store.geopackage import GeoPackageStore
from geo.store.measure_contract import TableFile
from tests.api.conftest import SIDE, SOUTH, WEST, SearchesHere, town_streets, two_wards
from tests.services import command_of, run_patchmap

MARKS = ("=", "+", "-", "@", "\t", "\r", "\n")
MARKS_PLANTED = ("=", "+", "-", "@", "'=")
REST = st.sampled_from(["1+1", 'LINK("http://x","y")', "cmd|' /C calc'!A0", "SUM(1),=2", "é;=c"])
PERIOD = ["--layer", "wards", "--from", "2023-04", "--to", "2024-02"]
QUERY = "layer=wards&datetime=2023-04-01/2024-02-29"
WITH = {
    "posts": ["--posts", "4", "--pinned", "@SUM(1)=A"],
    "change": ["--compare", "previous"],
    "patches": ["--layer", "blocks", "--groups", "2"],
    "patrols": ["--officers", "2"],
    "backlog": ["--split", "category"],
    "spend": ["--split", "priority"],
    "treatment": ["--treated", "treated", "--since", "2024-01"],
}
"""Options without which an analysis has nothing to answer."""

NO_TABLE = {
    **{f"report {name}": "a page, or a workbook" for name in REPORTS},
    "brief": "a page",
    "map": "a page",
    "demo": "no text of a user",
}


def planted(marks: list[str]) -> st.SearchStrategy[list[str]]:
    """Texts that begin with the marks."""
    return st.tuples(*(REST.map(mark.__add__) for mark in marks)).map(list)


def formulas(content: str) -> list[str]:
    rows = csv.reader(io.StringIO(content, newline=""), strict=True)
    cells = [cell for row in rows for cell in row]
    return [cell for cell in cells if cell.startswith(MARKS) and not NUMBER.fullmatch(cell)]


def town(path: Path, texts: list[str]) -> None:
    """A store whose texts are all of users' making: names, codes, columns, streets, files."""
    wards = two_wards().assign(area_name=texts[:2], **{texts[2]: [-0.5, 1.0]})
    parts = [box(WEST + x * 1_000, SOUTH, WEST + (x + 1) * 1_000, SOUTH + SIDE) for x in range(4)]
    blocks = gpd.GeoDataFrame(
        {"area_name": texts[:4], "residents": 500, "electors": 400},
        index=pd.Index([f"={number}" for number in range(4)], name="area_code"),
        geometry=parts,
        crs=BRITISH_NATIONAL_GRID,
    )
    with closing(GeoPackageStore(path, create=True)) as store, store.transaction():
        store.put_layer(LayerMetadata("wards", title=texts[0], authority=texts[1]), wards)
        store.put_layer(LayerMetadata("blocks", title=texts[1]), blocks)
        store.put_layer(LayerMetadata("treated", title=texts[2]), blocks.iloc[:1])
        metadata, streets = town_streets()
        names = np.resize(np.array(texts, dtype=object), len(streets))
        codes = pd.Index([f"=street{number}" for number in range(len(streets))], name="code")
        store.put_layer(metadata, streets.assign(name=names).set_axis(codes))
        store.put_partition(incidents(texts))
        entries = [
            {"entry_id": "m", "kind": "money", "amount": -500, "state": "paid"},
            {"entry_id": "t", "kind": "time", "amount": 90, "activity": "patrol"},
        ]
        for entry in entries:
            entry |= {"day": "2024-01-15", "priority": texts[3], "note": texts[1]}
        store.put_entries(entries_frame(entries), TableFile(texts[0], "", 2))
        measure = Measure("m", *texts[:2], "count", "up", "wards", *texts[2:5])
        days = {"first_day": "2023-01-01", "last_day": "2023-12-31"}
        values = [{"measure_id": "m", "area_code": code, **days} for code in wards.index]
        store.put_measure_values(
            values_frame(pd.DataFrame(values).assign(value=-1.0, note=texts[4])),
            TableFile(texts[0], "", 2, {}, (measure,)),
        )


def incidents(texts: list[str]) -> Partition:
    rng, n = np.random.default_rng(7), 600
    repeated = np.arange(n) % 2 == 1
    when = pd.date_range("2023-01-01", "2024-02-28", periods=n, tz="UTC").as_unit("s")
    values = {
        "incident_id": [f"council/{number}" for number in range(n)],
        "source": "council",
        "category": np.where(np.arange(n) % 3 == 0, "burglary", "anti-social-behaviour"),
        "occurred_from": when,
        "occurred_to": when,
        "precision": "instant",
        "x": np.where(repeated, WEST + 400, rng.uniform(WEST, WEST + 2 * SIDE, n)),
        "y": np.where(repeated, SOUTH + 400, rng.uniform(SOUTH, SOUTH + SIDE, n)),
        "location": [texts[number % len(texts)] for number in range(n)],
        "reference": texts[0],
    }
    lives = pd.DataFrame(
        {
            "received": when,
            "closed": [moment if number % 2 else pd.NaT for number, moment in enumerate(when)],
            "kind": "enforcement",
            **dict.fromkeys(("outcome", "service"), values["location"]),
        },
        index=pd.Index(values["incident_id"], dtype="str", name="incident_id"),
    )
    batch = Batch(
        pd.DataFrame(values, columns=list(COLUMNS)),
        pd.DataFrame(columns=list(REJECT_COLUMNS)),
        lives=with_life_types(lives),
    )
    return Partition(
        source="council",
        name="all",
        month="",
        file=texts[0],
        sha256="1",
        fields=(),
        batches=lambda: iter([batch]),
        keyed=True,
        extract=Extract(date(2024, 2, 29), whole=True),
    )


def cells(*texts: object) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(texts)
    return stream.getvalue()


def files(folder: Path, texts: list[str]) -> None:
    """Files that users could have, under names and with headers like formulas."""
    head = ["easting", "northing", *(f"{text}{number}" for number, text in enumerate(texts))]
    (folder / "points.csv").write_text(cells(*head) + cells(435_100, 336_100, *texts))
    (folder / "=2+5.csv").write_text(
        cells("=Where", "x", "y", "When", "What")
        + cells(texts[0], 435_100, 336_100, "2024-01-02", texts[1])
        + cells(texts[1], texts[2], texts[3], "never", texts[0])
    )
    (folder / "=values.csv").write_text(
        "area_code,period,value,note\n" + cells("A", 2023, 5, "") + cells(*texts[:4])
    )
    (folder / "=ledger.csv").write_text(
        "area_code,day,amount,state,note\n"
        + cells("A", "2024-01-02", "5.00", "paid", "")
        + cells(*texts[:5])
    )
    remarks = [cells(text, text, "") + cells(text, text, "never") for text in texts[:3]]
    (folder / "=remarks.csv").write_text("".join([cells("=Remark", "name", "date"), *remarks]))
    (folder / "mapping.toml").write_text(
        'source = "sheet"\n[when]\nfrom = "When"\nformat = "yyyy-mm-dd"\n'
        '[where]\neasting = "x"\nnorthing = "y"\n[what]\ncategory = "noise"\n'
    )
    plan = "shift,hotspot_id,after_minutes,minutes,x,y\n" + cells(texts[0], texts[1], 0, 15, 1, 2)
    (folder / "plan.csv").write_text(plan)
    visit = cells(texts[2], texts[1], "2024-05-01T14:00", "2024-05-01T14:12")
    (folder / "visits.csv").write_text("officer,hotspot_id,arrived,left\n" + visit)


def command_lines() -> dict[str, list[str]]:
    """How each command that can write a CSV is called."""
    lines = {
        each.command: [each.command, *PERIOD, *WITH.get(each.command, [])] for each in ANALYSES
    }
    sheet = ["=2+5.csv", "--mapping", "mapping.toml", "--partition", "sheet"]
    of_wards = ["--layer", "wards"]
    remarks = ["=remarks.csv", "--text-column", "=Remark"]
    return lines | {
        "locate": ["locate", "points.csv", "--areas", "wards"],
        "layers check": ["layers", "check", "wards"],
        "layers export": ["layers", "export", "wards"],
        "plan compare": ["plan", "compare", "p", "q", "--flow", "flow.csv", *PERIOD[2:]],
        "plan export": ["plan", "export", "p", *PERIOD[2:]],
        "plan council": ["plan", "council", "p"],
        "plan communities": ["plan", "communities", "p", "--layer", "wards"],
        "plan comments import": ["plan", "comments", "import", "p", *remarks, "--rejects"],
        "plan comments list": ["plan", "comments", "list", "p"],
        "plan fit": ["plan", "fit", "p", "--target", "wards", "--changes", "changes.csv"],
        "plan straddling": ["plan", "straddling", "p", "--layer", "wards"],
        "plan parish-wards": ["plan", "parish-wards", "p", "--parishes", "wards"],
        "plan scores": ["plan", "scores", "p", "q", *PERIOD[2:]],
        "electorates export": ["electorates", "export", "p"],
        "patrols delivered": ["patrols", "delivered", "visits.csv", "--plan", "plan.csv"],
        "ingest": ["ingest", *sheet, "--rejects"],
        "audit export": ["audit", "export"],
        "measures add": [*("measures", "add", "=values.csv"), *of_wards, "--id", "v", "--rejects"],
        "entries add": ["entries", "add", "=ledger.csv", *of_wards, "--rejects"],
        "entries list": ["entries", "list"],
    }


def writing_commands(command: object, above: str = "") -> Iterator[str]:
    """Commands that write a file which the user names."""
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from writing_commands(below, f"{above} {name}".strip())
    outputs = {"--output", "--rejects", "--files"}
    if any(outputs & set(each.opts) for each in getattr(command, "params", [])):
        yield above


def test_every_command_that_writes_a_file_is_tried_here():
    names = set(writing_commands(command_of(app)))
    assert names == set(command_lines()) | set(NO_TABLE)


def written_by_commands(folder: Path) -> dict[str, str]:
    """What each command writes as CSV, in a folder with the store of the town."""
    store = ["--store", "town.gpkg"]
    for plan in ("p", "q"):
        new = ["plan", "new", plan, "--blocks", "blocks", "--from", "wards", "--title", f"={plan}"]
        assert run_patchmap(*store, *new, cwd=folder).returncode == 0
    moved = run_patchmap(*store, "plan", "move", "q", "=1", "--to", "B", "--force", cwd=folder)
    assert moved.returncode == 0, moved.stderr
    tables, before = {}, set(folder.iterdir())
    for name, line in command_lines().items():
        end = ["out.csv"] if "--rejects" in line else ["-o", "out.csv"]
        done = run_patchmap(*store, *line, *end, cwd=folder)
        assert done.returncode == 0, (name, done.stderr)
        for path in set(folder.glob("*.csv")) - before:
            with path.open(encoding="utf-8", newline="") as stream:
                tables[f"{name}: {path.name}"] = stream.read()
            path.unlink()
    return tables


def served(folder: Path) -> dict[str, str]:
    """Every CSV that the service gives: of each collection, each download and each plan."""
    tables = {}
    with closing(GeoPackageStore(folder / "town.gpkg")) as store:
        service = make_app(store, Settings(), searches=SearchesHere())
        client = TestClient(service, "http://127.0.0.1:8000", client=("127.0.0.1", 50_000))
        listed = json.loads(client.get("/ogc/collections?f=json").content)["collections"]
        addresses = [f"/ogc/collections/{each['id']}/items?f=csv" for each in listed]
        addresses += [
            f"/download/{each.collection or each.command}.csv?{QUERY}&{option_query(each.command)}"
            for each in ANALYSES
        ]
        addresses.append("/planner/plans/p/files/p.csv")
        addresses.append("/planner/plans/q/fit/changes.csv?target=wards")
        for address in addresses:
            answer = client.get(address)
            assert answer.status_code in (200, 400), (address, answer.text)
            if answer.status_code == 200:
                tables[address] = answer.content.decode()
    return tables


def option_query(command: str) -> str:
    words = WITH.get(command, [])
    return "&".join(
        f"{name[2:]}={value}"
        for name, value in zip(words[::2], words[1::2], strict=True)
        if name != "--layer"
    )


# One example with every mark, drawn anew each time, and not shrunk: it takes some seconds.
@settings(max_examples=1, phases=[Phase.generate])
@given(st.permutations(MARKS_PLANTED).flatmap(planted))
def test_no_door_writes_a_formula(texts):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        town(folder / "town.gpkg", texts)
        files(folder, texts)
        tables = written_by_commands(folder) | served(folder)
    assert {door: found for door, content in tables.items() if (found := formulas(content))} == {}
    # What was planted has come through, made harmless.
    for door in ("count: out.csv", "locate: out.csv", "ingest: out.csv", "plan export: out.csv"):
        assert "'" in tables[door], door
    assert len(tables) > len(command_lines()) + 20
