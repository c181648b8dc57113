"""Measures, money and hours by plain forms: their accounts, rejects, undo, and who may."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import make_app
from api.data import table_preview
from api.identity.identity import Identity
from api.identity.roles import Role
from api.imports.opening import open_records
from api.imports.process import ImportHere
from api.settings import Settings
from geo.measures.fingertips import COLUMNS as FINGERTIPS
from geo.store.contract import Store
from geo.store.geopackage import GeoPackageStore
from geo.store.postgis import PostgisStore
from tests.api.conftest import SearchesHere, fill_town, make_town, serve_town
from tests.api.data.conftest import Caller, page_text

VALUES = (
    "fit-homes.csv",
    b"area,period,numerator,denominator,note\nA,2024,30,120,\nB,2024,*,,few\nX,2024,1,2,\n",
)
SHARE = {
    "values_title": "Fit homes",
    "values_unit": "%",
    "values_kind": "share",
    "values_better": "up",
    "values_multiplier": "100",
}
ENTRIES = (
    "payments.csv",
    "Ref,Date,Amount,Ward,Status\n"
    'P1,01/04/2025,"£5,000.00",A,allocated\n'
    "P2,02/05/2025,120.50,A,paid\n"
    "P3,02/05/2025,12.345,A,paid\n".encode(),
)
HOURS = ("hours.csv", b"date,minutes,ward\n2025-04-01,90,A\n2025-04-02,30,city-wide\n")


@pytest.fixture(params=["GeoPackage", "PostGIS"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """The town in a store of each kind, which a test may change."""
    made: Store
    if request.param == "GeoPackage":
        made = make_town(tmp_path / "town.gpkg")
    else:
        made = PostgisStore(request.getfixturevalue("cluster").new_database(), create=True)
        with made.transaction():
            fill_town(made)
    with closing(made):  # type: ignore[type-var]
        yield made


@pytest.fixture
def both(stored: Store) -> Iterator[Caller]:
    """A caller of the service of either store."""
    with serve_town(stored) as client:  # type: ignore[arg-type]
        yield Caller(client)


def rejects_of(caller: Caller, address: str) -> list[list[str]]:
    text = caller.client.get(f"{address}/rejects.csv").content.decode("utf-8-sig")
    return [*csv.reader(text.splitlines())]


def test_values_are_tried_imported_replaced_and_undone(both: Caller, stored: Store) -> None:
    address = both.open(VALUES)
    text = page_text(both.client.get(address))
    assert "Measures over time recognised" in text
    assert "fit-homes is a new measure on this layer: give it a title." in text.replace(
        "Fit-", "fit-"
    )
    text = page_text(both.choose(address, **SHARE))
    assert "3 rows checked 2 would be accepted 1 would be rejected" in text
    assert "no area of this code or name 1" in text
    assert "Values of: Fit homes (%)." in text
    assert stored.measures() == []
    done = page_text(both.choose(address, "import", **SHARE))
    done = page_text(both.finished(address))
    assert "3 read = 1 rejected (1 no area of this code or name) + 0 already there + 2" in done
    assert "fit-homes.csv 3 2 0 1 0 Added" in done
    assert "Open the areas" in done
    assert rejects_of(both, address) == [
        ["file", "line", "reason", "area", "period", "numerator", "denominator", "note"],
        ["fit-homes.csv", "4", "no area of this code or name", "X", "2024", "1", "2", ""],
    ]
    (measure,) = stored.measures()
    assert (measure.title, measure.unit, measure.kind, measure.better, measure.multiplier) == (
        "Fit homes",
        "%",
        "share",
        "up",
        100.0,
    )
    frame = stored.measure_values().set_index("area_code")
    assert frame["value"]["A"] == 25.0
    assert frame["value"].isna()["B"]
    assert frame["note"]["B"] == "few"
    # The same measure again, described by nothing but its id: its definition stays.
    again = both.open(("2nd.csv", b"area,period,value\nA,2024,26\nB,2024,14\n"))
    both.choose(again, "import", values_id="fit-homes")
    assert "2nd.csv 2 2 0 0 2 Replaced earlier values" in page_text(both.finished(again))
    assert stored.measures() == [measure]
    listed = both.client.get("/data").text
    assert 'value="measures-2"' in listed
    assert 'value="measures-1"' not in listed  # the later one wrote the same measure
    refused = both.undo("measures-1")
    assert refused.status_code == 409
    assert "undo import 2 first" in page_text(refused)
    undone = page_text(both.undo("measures-2"))
    assert "Import 2 (2nd.csv) undone: 2 values removed, 2 restored." in undone
    assert stored.measure_values().set_index("area_code")["value"]["A"] == 25.0
    both.undo("measures-1")
    assert stored.measures() == []


def test_entries_are_tried_imported_and_undone(both: Caller, stored: Store) -> None:
    address = both.open(ENTRIES)
    text = page_text(both.client.get(address))
    assert "Money or hours recognised" in text
    # Days are recognised as dd/mm/yyyy, and the columns by their names.
    assert both.fields(address)["entries_dates"] == "dd/mm/yyyy"
    assert "3 rows checked 2 would be accepted 1 would be rejected" in text
    text = page_text(both.choose(address, entries_dates="iso"))
    assert "is it written as dd/mm/yyyy? 3" in text
    assert "--dates" not in text
    both.choose(address, "import", entries_dates="dd/mm/yyyy", entry_id="Ref")
    done = page_text(both.finished(address))
    assert "payments.csv 3 2 0 1 0 Added" in done
    assert "Open money and hours" in done
    entries = stored.entries().set_index("entry_id")
    assert entries["amount"].to_dict() == {"P1": 500_000, "P2": 12_050}
    assert entries["state"].to_dict() == {"P1": "allocated", "P2": "paid"}
    assert [row[1] for row in rejects_of(both, address)] == ["line", "4"]
    again = both.open(ENTRIES)
    assert "2 of them are there already" in page_text(both.choose(again, entry_id="Ref"))
    both.choose(again, "import", entry_id="Ref")
    assert "Nothing new: it was imported before" in page_text(both.finished(again))
    undone = page_text(both.undo("entries-1"))
    assert "Import 1 (payments.csv) undone: 2 entries removed, 0 restored." in undone
    assert stored.entries().empty
    assert "already undone" in page_text(both.undo("entries-1"))


def test_hours_take_their_activity_from_the_form(caller: Caller, store: GeoPackageStore) -> None:
    address = caller.open(HOURS)
    text = page_text(caller.choose(address, use="entries", entries_activity="patrol"))
    assert "2 rows checked 2 would be accepted" in text
    caller.choose(address, "import", use="entries", entries_activity="patrol")
    caller.finished(address)
    rows = store.entries()[["area_code", "amount", "activity"]].to_numpy().tolist()
    assert rows == [["A", 90, "patrol"], ["", 30, "patrol"]]


def test_a_file_of_fingertips_names_its_measures(caller: Caller, store: GeoPackageStore) -> None:
    row = dict.fromkeys(FINGERTIPS, "") | {
        "Indicator ID": "90366",
        "Indicator Name": "Fit homes",
        "Area Type": "Wards",
        "Sex": "Persons",
        "Age": "All ages",
        "Time period": "2021",
    }
    rows = [row | {"Area Code": code, "Value": "25"} for code in ("A", "B", "E92000001")]
    lines = [",".join(FINGERTIPS), *(",".join(one.values()) for one in rows)]
    address = caller.open(("indicators.csv", "\n".join(lines).encode()))
    page = caller.client.get(address)
    assert "Measures over time recognised" in page_text(page)
    assert "3 rows checked 2 would be accepted 1 would be rejected" in page_text(page)
    assert 'name="values_id"' not in page.text
    caller.choose(address, "import", values_better="up", values_caveat="Of practices.")
    caller.finished(address)
    (measure,) = store.measures()
    assert (measure.title, measure.better) == ("Fit homes", "up")
    assert measure.source.startswith("Fingertips")
    assert "Of practices." in measure.caveat


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values_title": ""}, "is a new measure on this layer: give it a title"),
        ({"values_id": ""}, "Name the measure with its id, title, unit and kind; a file of"),
        ({"values_id": "Fit Homes"}, "cannot be a measure's id"),
        ({"values_kind": "median"}, "unknown kind 'median'"),
        ({"values_better": "left"}, "Unknown direction 'left'"),
        ({"values_multiplier": "many"}, "The multiplier 'many' is no number"),
        ({"values_multiplier": "-1"}, "the multiplier must be above 0"),
        ({"values_period": "soon"}, "The period 'soon': write it as 2021"),
        ({"values_layer": "moon"}, "moon"),
        ({"value_value": "nothing"}, "lacks the column nothing"),
        ({"use": "entries", "entries_kind": "gold"}, "Choose whether the rows are money or time"),
        ({"use": "entries"}, "lacks the column day, amount; choose it above"),
    ],
)
def test_what_a_form_gets_wrong_is_said_and_nothing_imported(
    caller: Caller, store: GeoPackageStore, changes: dict[str, str], words: str
) -> None:
    address = caller.open(VALUES)
    response = caller.choose(address, "import", **(SHARE | changes))
    assert response.status_code == 400
    text = page_text(response)
    assert words in text
    assert "--" not in text
    assert store.measures() == []
    assert store.table_imports() == []


def test_a_file_of_no_known_area_is_refused_with_its_reasons(caller: Caller) -> None:
    address = caller.open(("far.csv", b"area,period,value\nX,2024,1\nY,2024,2\n"))
    text = page_text(caller.choose(address, values_title="Far"))
    assert "2 rows checked 0 would be accepted 2 would be rejected" in text
    assert "All 2 rows were rejected, 2 of them because: no area of this code or name." in text


def test_a_long_file_is_checked_when_it_is_imported(
    caller: Caller, store: GeoPackageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_preview, "MOST_TRIED", 2)
    address = caller.open(VALUES)
    text = page_text(caller.choose(address, **SHARE))
    assert "Its rows are checked when they are imported" in text
    caller.choose(address, "import", **SHARE)
    assert "fit-homes.csv 3 2 0 1 0 Added" in page_text(caller.finished(address))


def test_measures_and_entries_need_the_token_and_fit_the_largest_size(
    caller: Caller, store: GeoPackageStore
) -> None:
    address = caller.open(VALUES)
    form = caller.fields(address) | SHARE | {"action": "import"}
    for token in ("", "wrong"):
        assert caller.client.post(address, data=form | {"token": token}).status_code == 403
    foreign = {"origin": "https://evil.example"}
    assert caller.client.post(address, data=form, headers=foreign).status_code == 403
    undo = {"change": "measures-1", "token": "wrong"}
    assert caller.client.post("/data/undo", data=undo).status_code == 403
    caller.client.app.state.data.uploads.most_bytes = 10  # type: ignore[attr-defined]
    assert caller.send(ENTRIES).status_code == 413
    assert store.table_imports() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("measures-9", 404),
        ("entries-9", 404),
        ("measures-x", 400),
        ("prices-1", 400),
        ("entries-1", 404),  # import 1 is one of measures
    ],
)
def test_an_undo_of_what_is_none_is_refused(caller: Caller, change: str, status: int) -> None:
    address = caller.open(VALUES)
    caller.choose(address, "import", **SHARE)
    caller.finished(address)
    assert caller.undo(change).status_code == status
    assert "In use" in page_text(caller.client.get("/data"))


class _ByHeader:
    """Whoever the header `as` says."""

    async def identify(self, caller: object) -> Identity:
        role = Role(caller.headers.get("as", "admin"))  # type: ignore[attr-defined]
        return Identity("ann", frozenset({role}), "account")


def test_imports_and_undos_are_recorded_and_viewers_do_neither(store: GeoPackageStore) -> None:
    settings = Settings(store=str(store.path), audit=True)
    with open_records(settings.store) as records:
        app = make_app(
            store,
            settings,
            searches=SearchesHere(),
            importer=ImportHere(store),
            records=records,
            authenticator=_ByHeader(),
        )
        local = {"base_url": "http://127.0.0.1:8000", "client": ("127.0.0.1", 50_000)}
        with TestClient(app, follow_redirects=False, **local) as client:  # type: ignore[arg-type]
            analyst = Caller(client)
            client.headers["as"] = "analyst"
            address = analyst.open(VALUES)
            analyst.choose(address, "import", **SHARE)
            analyst.finished(address)
            analyst.undo("measures-1")
            entries = [(one.action, one.text("subject")) for one in app.state.audit.log.entries()]
            assert entries[-2:] == [("import", "fit-homes.csv"), ("undo", "measures-1")]
            assert store.table_imports()[0].imported_by == "ann"
            client.headers["as"] = "viewer"
            assert client.post(address, data={"action": "import"}).status_code == 403
            assert client.post("/data/undo", data={"change": "measures-1"}).status_code == 403
