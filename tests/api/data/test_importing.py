"""Files become incidents, layers and figures by plain forms, and are undone by them."""

from __future__ import annotations

import csv
import errno
import json
import re

import pytest
import shapely

from geo.errors import ConflictError, DiskFullError, StoreError
from tests.api.conftest import SIDE, SOUTH, WEST
from tests.api.data.conftest import CASES_CSV, page_text

CSV = ("cases.csv", CASES_CSV.encode())


def layer(**codes: str) -> bytes:
    """A GeoJSON layer of one square for each code, side by side, in the grid's metres."""
    features = [
        {
            "type": "Feature",
            "properties": {"WD25CD": code, "WD25NM": name},
            "geometry": shapely.geometry.mapping(
                shapely.box(WEST + i * SIDE, SOUTH, WEST + (i + 1) * SIDE, SOUTH + SIDE)
            ),
        }
        for i, (code, name) in enumerate(codes.items())
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}).encode()


def test_a_table_is_imported_as_proposed_and_undone(caller, store):
    before = store.incident_count()
    address = caller.open(CSV)
    text = page_text(caller.client.get(address))
    assert "Incidents recognised" in text
    assert "3 rows checked 2 would be accepted 1 would be rejected" in text
    assert "in the future 1" in text
    assert store.incident_count() == before
    caller.choose(address, "import")
    done = page_text(caller.finished(address))
    assert "1 file: 3 read = 2 accepted + 1 rejected" in done
    assert "cases.csv 3 2 0 1 0 Added" in done
    assert store.incident_count() == before + 2
    undone = page_text(caller.undo(f"import-{store.imports(history=True)[-1].import_id}"))
    assert "(cases.csv) undone: 2 incidents removed, 0 restored." in undone
    assert store.incident_count() == before


def test_rejected_rows_are_downloaded_with_their_reasons(caller):
    address = caller.open(CSV)
    assert caller.client.get(f"{address}/rejects.csv").status_code == 404
    caller.choose(address, "import")
    assert "Download the 1 rejected row" in page_text(caller.finished(address))
    response = caller.client.get(f"{address}/rejects.csv")
    assert 'filename="cases.rejects.csv"' in response.headers["content-disposition"]
    row = next(csv.DictReader(response.text.splitlines()))
    assert (row["line"], row["reason"], row["Ref"]) == ("3", "in the future", "2")


def test_the_same_file_again_changes_nothing_and_says_so(caller, store):
    for _ in range(2):
        address = caller.open(CSV)
        caller.choose(address, "import")
        text = page_text(caller.finished(address))
    assert "Nothing new: it was imported before" in text
    assert "Undo this import" not in text
    assert [one.file for one in store.imports(history=True)].count("cases.csv") == 1


def test_a_keyed_file_tells_changed_rows_from_unchanged_ones(caller):
    for content in (CASES_CSV, CASES_CSV.replace("436103", "436109")):
        address = caller.open(("cases.csv", content.encode()))
        caller.choose(address, "import")
        text = page_text(caller.finished(address))
    # Read, accepted, of these unchanged, rejected, replaced.
    assert "cases.csv 3 2 1 1 1 Updated by id" in text


RECORDS_CSV = """Ref,Logged,Shut,Easting,Northing,Type
1,2024-03-16,,436101,337500,Noise
2,2024-03-17,2024-03-20,436102,337500,Noise
"""
RECORDS_TOML = """
source = "desk"
id = "Ref"
[when]
from = "Logged"
format = "yyyy-mm-dd"
[where]
easting = "Easting"
northing = "Northing"
[what]
column = "Type"
[life]
every_kind = "request"
closed = "Shut"
extract = "whole"
"""


def test_an_extract_of_records_has_a_day_that_the_form_asks_for(caller, store):
    address = caller.open(("desk.csv", RECORDS_CSV.encode()), ("m.toml", RECORDS_TOML.encode()))
    page = caller.client.get(address)
    assert "Day of the extract" in page_text(page)
    assert "Leave empty if that was today" in page_text(page)
    text = page_text(caller.choose(address, extracted="2024-03-18"))
    assert "1 would be accepted 1 would be rejected" in text
    assert "closed after the day of the extract 1" in text
    for day, said in (
        ("18/03/2024", "The day of the extract '18/03/2024' is not a day; write it as 2026-11-30"),
        ("2099-01-01", "An extract of 2099-01-01 is one of a day to come"),
    ):
        refused = caller.choose(address, "import", extracted=day)
        assert refused.status_code == 400
        assert said in page_text(refused)
    caller.choose(address, "import", extracted="2024-03-31")
    assert "Extract of 2024-03-31" in page_text(caller.finished(address))
    assert [one.extracted for one in store.imports() if one.source == "desk"] == ["2024-03-31"]


def test_the_form_asks_for_no_day_where_the_file_states_it_or_has_none(caller):
    stated = RECORDS_CSV.replace("Type", "Type,Written").replace("Noise", "Noise,2024-03-30")
    mapping = RECORDS_TOML + 'extracted = "Written"\n'
    address = caller.open(("desk.csv", stated.encode()), ("m.toml", mapping.encode()))
    text = page_text(caller.client.get(address))
    assert "Leave empty for the day in the column Written" in text
    assert "Day of the extract" not in page_text(caller.client.get(caller.open(CSV)))


def test_a_corrected_mapping_changes_what_would_be_rejected(caller, store):
    ambiguous = CASES_CSV.replace("16/03", "06/03").replace("17/03/2042", "07/03/2024")
    address = caller.open(("cases.csv", ambiguous.replace("18/03", "08/03").encode()))
    text = page_text(caller.client.get(address))
    assert "Say how dates are written." in text
    assert "The values fit dd/mm/yyyy HH:MM and mm/dd/yyyy HH:MM: choose the right one" in text
    assert caller.choose(address, "import").status_code == 400
    text = page_text(caller.choose(address, format="dd/mm/yyyy HH:MM"))
    assert "3 would be accepted 0 would be rejected" in text
    assert "6 March 2024 to 8 March 2024" in text
    text = page_text(caller.choose(address, x="Ref"))
    assert "This lies 434 km from wards, the layer of the board" in text
    assert store.setting("source:council") is None


def test_what_the_form_lacks_is_said_in_one_place(caller):
    address = caller.open(("notes.csv", b"a,b\n1,x\n2,y\n"))
    text = page_text(caller.client.get(address))
    for words in ("Choose the column of dates.", "Choose the two columns of the place."):
        assert words in text
    assert "recognised" not in text


def test_a_mapping_file_beside_a_table_is_used_with_its_vocabulary(caller, store):
    mapping = (
        'source = "fire"\nid = "Ref"\n[when]\nfrom = "When"\nformat = "dd/mm/yyyy HH:MM"\n'
        '[where]\neasting = "Easting"\nnorthing = "Northing"\n'
        '[what]\ncolumn = "Type"\nvocabulary = "codes.csv"\n'
    )
    files = [
        ("cases.csv", CASES_CSV.encode()),
        ("fire.toml", mapping.encode()),
        ("codes.csv", b"code,category\nNoise,loud-party\n"),
    ]
    address = caller.open(*files)
    assert "by the mapping fire.toml" in page_text(caller.client.get(address))
    caller.choose(address, "import")
    assert "2 accepted" in page_text(caller.finished(address))
    incidents = store.incidents(columns=["source", "category"])
    assert (incidents["category"] == "loud-party").sum() == 2
    assert set(incidents["source"]) == {"police.uk", "fire"}


def test_a_layer_is_added_replaced_and_undone(caller, store):
    for content, areas, before in (
        (layer(E05000001="Nŵth"), 1, 0),
        (layer(E05000001="N", E05000002="S"), 2, 1),
    ):
        address = caller.open(("wards 2025.geojson", content))
        caller.choose(address, "import", layer_id="wards-2025", layer_title="New wards")
        text = page_text(caller.finished(address))
        assert f"wards-2025: {areas} areas, codes from WD25CD, names from WD25NM." in text
        assert ("It replaces New wards: 1 area." in text) == bool(before)
    assert store.layer("wards-2025")[0].title == "New wards"
    changes = [one for one in store.layer_changes() if one.layer_id == "wards-2025"]
    listed = page_text(caller.client.get("/data"))
    assert "New wards wards-2025" in listed
    assert (
        "(wards 2025.geojson) undone: wards-2025 is as it was before, with 1 feature."
        in page_text(caller.undo(f"layer-{changes[1].change_id}"))
    )
    assert store.layer("wards-2025")[1]["area_name"].tolist() == ["Nŵth"]
    assert "was new and is removed" in page_text(caller.undo(f"layer-{changes[0].change_id}"))
    assert [one.layer_id for one in store.layers()] == ["wards"]


def points(**names: str | None) -> bytes:
    """GeoJSON of a point for each id, 100 m apart, the last of them without a place."""
    ids = list(names)
    features = [
        {
            "type": "Feature",
            "properties": {"uprn": each, "name": names[each]},
            "geometry": {"type": "Point", "coordinates": [WEST + 100 * number, SOUTH + 50]}
            if each != ids[-1]
            else None,
        }
        for number, each in enumerate(ids)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}).encode()


def test_points_become_a_layer_with_their_accounts_and_are_undone(caller, store):
    address = caller.open(("premises.geojson", points(a1="Tŷ", a2=None, a3="Nowhere")))
    assert "choose “A layer of points or lines”" in page_text(caller.choose(address, use="layer"))
    text = page_text(caller.choose(address, use="features"))
    assert "3 features checked 2 would be accepted 1 would be rejected" in text
    assert "it has no geometry 1" in text
    assert "Codes from uprn, names from name." in text
    drawn = caller.client.get(f"{address}/map.json").json()
    assert (sum(n for _, n in drawn["cells"]), drawn["what"]) == (2, "points")
    assert caller.fields(address)["layer_id"] == "premises"
    caller.choose(address, "import", use="features", layer_title="Licensed premises")
    response = caller.finished(address)
    shown = re.search(r'class="primary button" href="(/ogc/[^"]+)">See it on a map', response.text)
    assert shown
    assert shown[1] == "/ogc/collections/premises/items?f=html"
    done = page_text(response)
    assert "Premises: 2 points, codes from uprn, names from name." in done
    assert "3 read = 2 stored + 1 rejected." in done
    assert "Rejected: 1 because it has no geometry (feature 3)." in done
    metadata, features = store.features("premises")
    assert (metadata.title, metadata.kind) == ("Licensed premises", "points")
    assert features.index.tolist() == ["a1", "a2"]
    text = page_text(caller.undo(f"layer-{store.layer_changes()[-1].change_id}"))
    assert "premises was new and is removed" in text
    assert "premises" not in {one.layer_id for one in store.layers()}


def test_a_table_of_points_and_a_file_of_lines_become_layers(caller, store):
    address = caller.open(("pubs.csv", f"Ref,x,y\nA,{WEST},{SOUTH}\nB,{WEST},x\n".encode()))
    text = page_text(caller.choose(address, use="features", table_crs="EPSG:27700"))
    assert "Points are read from x and y, in EPSG:27700" in text
    assert "2 features checked 1 would be accepted 1 would be rejected" in text
    line = shapely.LineString([(-1.47, 52.92), (-1.46, 52.93)])
    content = json.dumps({"type": "Feature", "properties": {}, "geometry": line.__geo_interface__})
    address = caller.open(("streets.geojson", content.encode()))
    assert "A layer of points or lines recognised" in page_text(caller.client.get(address))
    caller.choose(address, "import")
    assert "Streets: 1 line, codes made from their order" in page_text(caller.finished(address))
    assert store.features("streets")[0].kind == "lines"


def test_figures_find_their_layer_by_its_codes(caller, store):
    address = caller.open(("wards.geojson", layer(E05000001="North", E05000002="South")))
    caller.choose(address, "import")
    caller.finished(address)
    address = caller.open(("pop.csv", b"code,total\nE05000001,10\nE05000002,20\nE05000009,5\n"))
    assert caller.fields(address)["figures_layer"] == "wards-2025"
    text = page_text(caller.choose(address, residents="total"))
    assert "wards-2025: residents for 2 of 2 areas." in text
    assert "1 rows match no area of this layer: E05000009" in text
    caller.choose(address, "import", residents="total")
    caller.finished(address)
    assert store.layer("wards-2025")[1]["residents"].tolist() == [10, 20]
    caller.undo(f"layer-{store.layer_changes()[-1].change_id}")
    assert "residents" not in store.layer("wards-2025")[1]


def test_a_month_that_was_published_twice_is_counted_once_without_a_command(caller, store):
    head = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
        "Crime type,Last outcome category,Context\n"
    )
    rows = [
        f",2024-02,T,T,{-1.5 + step / 200},52.92,On or near A,,,Anti-social behaviour,,\n"
        for step in range(12)
    ]
    before = store.incident_count()
    address = caller.open(("2024-02-northshire-street.csv", (head + "".join(rows * 2)).encode()))
    caller.choose(address, "import")
    done = caller.finished(address)
    text = page_text(done)
    assert "with about 12 true incidents; if so, count it once, below." in text
    assert "--halve" not in text
    assert "Anti-social behaviour, February 2024 (northshire)" in text
    assert store.incident_count() == before + 24
    form = done.text.partition('class="halves"')[2].partition("</form>")[0]
    sent = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    assert sent.pop("halves") == "northshire:2024-02:anti-social-behaviour"
    halved = {**sent, "halves": ["northshire:2024-02:anti-social-behaviour"]}
    assert caller.client.post(address, data=halved).status_code == 303
    text = page_text(caller.finished(address))
    assert "24 read = 12 accepted + 12 rejected" in text
    assert "published twice 12" in text
    assert "Count once" not in text
    assert store.incident_count() == before + 12
    unheld = {**sent, "halves": "eastshire:2024-02:drugs"}
    caller.client.post(address, data=unheld)
    text = page_text(caller.finished(address))
    assert "eastshire:2024-02 does not match any of the files" in text


def test_months_of_the_police_are_imported_together_and_undone_together(caller, store):
    head = (
        "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    )
    head += "Crime type,Last outcome category,Context\n"
    row = ",{},T,T,-1.4,52.92,On or near A,,,Burglary,,\n"
    files = [
        (f"{month}-northshire-street{copy}.csv", (head + row.format(month)).encode())
        for month, copy in (("2024-05", ""), ("2024-06", " (1)"))
    ]
    address = caller.open(*files)
    assert "2 months of incidents of northshire" in page_text(caller.client.get(address))
    caller.choose(address, "import")
    assert "2 files: 2 read = 2 accepted + 0 rejected" in page_text(caller.finished(address))
    made = [one for one in store.imports() if one.name == "northshire"]
    text = page_text(caller.undo(*(f"import-{one.import_id}" for one in made)))
    assert text.count("undone: 1 incident removed") == 2


def test_what_refuses_an_import_is_said_where_it_was_asked_for(caller, monkeypatch):
    address = caller.open(CSV)
    service = caller.client.app.state.data

    def lost(*_: object) -> None:
        raise OSError("disk on fire")

    monkeypatch.setattr(service.queue.importer, "run", lost)
    caller.choose(address, "import")
    response = caller.finished(address)
    assert response.status_code == 500
    text = page_text(response)
    assert "Nothing was imported Patchmap failed; see its log for the reason" in text
    assert "3 rows checked" in text
    assert caller.fields(address)["from"] == "When"


@pytest.mark.parametrize(
    ("reason", "status", "words"),
    [
        (DiskFullError("the disk is full; free some space"), 507, "disk is full"),
        (OSError(errno.ENOSPC, "No space left on device"), 507, "no room for a temporary file"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), 507, "no room for a temporary file"),
        (StoreError("the store is used by another program"), 503, "used by another program"),
        (ConflictError("the id 1 is already used"), 409, "already used"),
    ],
)
def test_an_import_that_fails_is_answered_by_the_status_of_its_reason(
    caller, monkeypatch, reason, status, words
):
    address = caller.open(CSV)

    def fail(*_: object) -> None:
        raise reason

    with monkeypatch.context() as patched:
        patched.setattr(caller.client.app.state.data.queue.importer, "run", fail)
        caller.choose(address, "import")
        page = caller.finished(address)
    assert (page.status_code, words in page_text(page)) == (status, True)
    progress = caller.client.get(f"{address}/progress")
    assert progress.status_code == status
    assert progress.headers["content-type"] == "application/problem+json"
    assert progress.json() | {"state": "failed", "rows": 0, "status": status} == progress.json()
    assert words in progress.json()["detail"]
    # Once there is room, the same form imports it.
    caller.choose(address, "import")
    assert caller.finished(address).status_code == 200
    assert caller.client.get(f"{address}/progress").json()["state"] == "done"


def test_an_undo_that_is_no_longer_possible_is_refused_on_the_list(caller, store):
    assert caller.undo("import-1", "import-1").status_code == 200
    response = caller.undo("import-1")
    assert response.status_code == 409
    assert "Import 1 is already undone." in page_text(response)
    for text in ("import-x", "plan-1", "import-99999999999999999999"):
        assert caller.undo(text).status_code == 400
    assert [one.import_id for one in store.imports()] == [2]


def test_a_file_that_is_gone_leads_back_to_the_form(caller):
    address = caller.open(CSV)
    caller.choose(address, "discard")
    response = caller.client.get(address, headers={"accept": "text/html"})
    assert response.status_code == 404
    assert "This file is no longer here" in page_text(response)
    assert 'id="file"' in response.text
    response = caller.client.get(address, headers={"accept": "application/json"})
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"%PDF-1.7 ...", "a.pdf is a PDF; ask for the data as a table or a layer."),
        ("a.csv", b"", "a.csv is empty."),
        ("a.xls", b"\xd0\xcf\x11\xe0" * 9, "save it as .xlsx without one"),
    ],
)
def test_a_file_that_nothing_reads_is_refused_in_one_sentence(caller, name, content, words):
    response = caller.client.get(caller.open((name, content)))
    assert response.status_code == 400
    assert words in page_text(response)
    assert "Choose a file, or drop it here" in page_text(response)


def test_a_file_that_no_import_takes_names_its_command(caller):
    mapping = b'source = "x"\n[when]\nfrom = "d"\nformat = "iso"\n[where]\neasting = "e"\n'
    mapping += b'northing = "n"\n[what]\ncategory = "noise"\n'
    text = page_text(caller.client.get(caller.open(("m.toml", mapping))))
    assert "patchmap ingest FILE --mapping m.toml" in text
    assert "What an import would do" not in text


def test_the_map_has_the_file_and_the_layer_of_the_board(caller):
    address = caller.open(CSV)
    drawn = caller.client.get(f"{address}/map.json").json()
    assert sum(n for _, n in drawn["cells"]) == 2
    (south, west), (north, east) = drawn["bounds"]
    assert 52.9 < south <= north < 53.0
    assert -1.6 < west <= east < -1.4
    assert len(drawn["under"]) == 2
