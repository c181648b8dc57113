"""Service requests of Open311 and reports of FixMyStreet, in the shapes that they publish."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from geo.crs import Projection
from geo.errors import InputError
from geo.incidents import Batch, Partition
from geo.sources.open311 import read_fixmystreet, read_open311

DAY = date(2026, 3, 31)
PRIVATE = ("Ada Lovelace", "ada@example.org", "I live next door", "https://example.org/photo.jpg")

# As FixMyStreet's controller writes them: everything in lists, and more than the standard has.
REQUESTS = [
    {
        "service_request_id": 4711,
        "title": "I live next door",
        "detail": "to it",
        "description": "I live next door: to it",
        "lat": 52.9225,
        "long": -1.4746,
        "status": "open",
        "requested_datetime": "2026-03-02T09:15:00+00:00",
        "updated_datetime": "2026-03-02T09:20:00+00:00",
        "service_code": "Flytipping",
        "service_name": "Flytipping",
        "interface_used": "Web interface",
        "agency_responsible": {"recipient": ["Derby City Council"]},
        "requestor_name": "Ada Lovelace",
        "comment_count": 2,
        "media_url": "https://example.org/photo.jpg",
    },
    {
        "service_request_id": 4712,
        "description": "Graffiti",
        "lat": 52.9301,
        "long": -1.4801,
        "status": "closed",
        "requested_datetime": "2026-03-29T00:30:00+00:00",
        "updated_datetime": "2026-03-30T10:00:00+01:00",
        "service_code": "Graffiti",
        "service_name": "Graffiti",
        "agency_responsible": {"recipient": ["Derby City Council"]},
    },
]

# As the standard's own example has them.
STANDARD = [
    {
        "service_request_id": "638344",
        "status": "closed",
        "status_notes": "Duplicate",
        "service_name": "Sidewalk and Curb Issues",
        "service_code": "006",
        "description": None,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": "2026-03-14T06:37:38Z",
        "updated_datetime": "2026-03-16T06:37:38Z",
        "expected_datetime": "2026-03-21T06:37:38Z",
        "address": "8th Avenue and Judah Street",
        "address_id": "545483",
        "zipcode": "94122",
        "lat": "52.9225",
        "long": "-1.4746",
        "media_url": "http://city.gov.s3.amazonaws.com/requests/media/638344.jpg",
    }
]

HEADER = [
    *("Report ID", "Title", "Detail", "User Name", "Category", "Subcategory", "Created"),
    *("Confirmed", "Acknowledged", "Fixed", "Closed", "Status", "Latitude", "Longitude", "Query"),
    *("Ward", "Easting", "Northing", "Report URL", "Device Type", "Site Used", "Reported As"),
]


def report(**values: str) -> list[str]:
    usual = {
        "Report ID": "1",
        "Title": "I live next door",
        "User Name": "Ada Lovelace",
        "Category": "Litter",
        "Created": "2026-03-02T09:15:00",
        "Confirmed": "2026-03-02T09:20:00",
        "Status": "confirmed",
        "Latitude": "52.9225",
        "Longitude": "-1.4746",
        "Query": "ada@example.org",
        "Ward": "Arboretum",
    }
    return [{**usual, **values}.get(name, "") for name in HEADER]


def csv_file(folder: Path, *rows: list[str], header: list[str] = HEADER) -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    path = folder / "reports.csv"
    path.write_text(text.getvalue())
    return path


def json_file(folder: Path, value: object) -> Path:
    path = folder / "requests.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def fms(folder: Path, *rows: list[str]) -> Partition:
    return read_fixmystreet(csv_file(folder, *rows), Projection.choose(), extracted=DAY)


def open311(folder: Path, value: object) -> Partition:
    return read_open311(json_file(folder, value), Projection.choose(), extracted=DAY)


def life_of(batch: Batch, record: str) -> pd.Series:
    assert batch.lives is not None
    return batch.lives.loc[record]


@pytest.mark.parametrize(
    "shape",
    [
        {"requests": [{"request": REQUESTS}]},
        {"requests": [{"request": REQUESTS[:1]}, {"request": REQUESTS[1:]}]},
        {"requests": REQUESTS},
        {"service_requests": REQUESTS},
        REQUESTS,
    ],
)
def test_every_shape_of_the_json_gives_the_same_records(tmp_path: Path, shape: object) -> None:
    part = open311(tmp_path, shape)
    batch = Batch.join(part.batches())
    assert batch.accepted["incident_id"].tolist() == ["open311:4711", "open311:4712"]
    assert batch.accepted["category"].tolist() == ["flytipping", "graffiti"]
    assert batch.accepted["occurred_from"].tolist() == [
        pd.Timestamp("2026-03-02T09:15Z"),
        pd.Timestamp("2026-03-29T00:30Z"),
    ]
    # Derby's Guildhall, within the metre to which six decimals are rounded here.
    assert batch.accepted.loc[0, ["x", "y"]].tolist() == pytest.approx([435_404, 336_255], abs=60)
    assert (part.keyed, part.extract.whole, part.extract.day) == (True, False, DAY)


def test_a_closed_request_is_dated_by_its_last_change(tmp_path: Path) -> None:
    (batch,) = open311(tmp_path, REQUESTS).batches()
    opened, closed = (life_of(batch, f"open311:{number}") for number in (4711, 4712))
    assert pd.isna(opened["closed"])
    assert closed["closed"] == pd.Timestamp("2026-03-30T09:00Z")
    assert closed["received"] == pd.Timestamp("2026-03-29T00:30Z")
    assert (closed["kind"], closed["channel"]) == ("request", "")
    assert closed["service"] == "Derby City Council"


def test_the_standards_own_example_is_read(tmp_path: Path) -> None:
    (batch,) = open311(tmp_path, STANDARD).batches()
    life = life_of(batch, "open311:638344")
    assert life["due"] == pd.Timestamp("2026-03-21T06:37:38Z")
    assert (life["outcome"], life["withdrawn"], life["service"]) == ("Duplicate", True, "")
    assert batch.accepted["location"].tolist() == ["8th Avenue and Judah Street"]


def test_nothing_that_people_wrote_is_read_nor_is_it_in_a_rejected_row(tmp_path: Path) -> None:
    lost = {**REQUESTS[0], "service_request_id": 1, "lat": None, "long": None}
    (batch,) = open311(tmp_path, [*REQUESTS, lost]).batches()
    nowhere = report(**{"Report ID": "2", "Latitude": "", "Longitude": ""})
    (reports,) = fms(tmp_path, report(), nowhere).batches()
    for each in (batch, reports):
        assert each.rejected["reason"].tolist() == ["no location"]
        everything = each.accepted.to_csv() + each.lives.to_csv() + each.rejected.to_csv()
        assert not [text for text in PRIVATE if text in everything]
    unread = "comment_count, description, detail, interface_used, media_url, requestor_name, title"
    assert batch.notices == (
        f"requests.json: not read, because people can be named there: {unread}",
    )
    unread = "Detail, Device Type, Query, Report URL, Site Used, Title, User Name"
    assert unread in reports.notices[0]


@pytest.mark.parametrize(
    ("note", "outcome"),
    [
        ("Case resolved", "Case resolved"),
        ("Mr Smith was spoken to", ""),
        ("ring 01332 293111", ""),
        ("A crew went out on Monday, found the sofa gone, and closed the case.", ""),
        (["a", "list"], ""),
    ],
)
def test_notes_are_outcomes_only_where_they_are_short_and_plain(
    tmp_path: Path, note: object, outcome: str
) -> None:
    (batch,) = open311(tmp_path, [{**STANDARD[0], "status_notes": note}]).batches()
    assert life_of(batch, "open311:638344")["outcome"] == outcome


def test_addresses_and_bodies_that_lead_to_people_are_left_out(tmp_path: Path) -> None:
    request = {
        **STANDARD[0],
        "address": "ask ada@example.org",
        "agency_responsible": {"recipient": ["streets@example.org"]},
    }
    (batch,) = open311(tmp_path, [request]).batches()
    assert batch.accepted["location"].tolist() == [""]
    assert life_of(batch, "open311:638344")["service"] == ""


def test_a_service_name_that_tells_a_story_is_no_category(tmp_path: Path) -> None:
    request = {**STANDARD[0], "service_request_id": "2", "service_name": "It began when " * 20}
    (batch,) = open311(tmp_path, [*STANDARD, request]).batches()
    assert batch.rejected["reason"].tolist() == ["the category is longer than 200 characters"]


def test_a_request_that_has_lost_its_place_is_told_apart_from_other_faults(tmp_path: Path) -> None:
    lost = {**STANDARD[0], "service_request_id": "2", "lat": None, "long": ""}
    faulty = {**lost, "service_request_id": "3", "requested_datetime": "in spring"}
    (batch,) = open311(tmp_path, [*STANDARD, lost, faulty]).batches()
    assert len(batch.rejected) == 2
    assert batch.unplaced is not None
    assert batch.unplaced.incidents["incident_id"].tolist() == ["open311:2"]
    assert batch.unplaced.lines.tolist() == [2]


def test_a_closed_request_without_a_time_is_rejected_rather_than_open_for_ever(
    tmp_path: Path,
) -> None:
    request = {**STANDARD[0], "service_request_id": "2", "updated_datetime": None}
    (batch,) = open311(tmp_path, [*STANDARD, request]).batches()
    assert batch.rejected["reason"].tolist() == ["closed: not a date as iso"]
    assert batch.rejected["row"][0][8] == "closed, at no stated time"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<service_requests/>", "is XML; ask the server for requests.json"),
        ('{"requests": [', "is not JSON"),
        ("[]", "holds no request"),
        ('{"requests": [{"request": []}]}', "holds no request"),
        ('[{"service_code": "1", "service_name": "Litter"}]', "not services.json"),
        ("[1, 2]", "is no list of Open311 requests"),
        ('{"type": "FeatureCollection", "features": []}', "is no list of Open311 requests"),
        ("", "is not JSON"),
        ("null", "is no list of Open311 requests"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        open311(tmp_path, content)
    assert "\n" not in str(refused.value)


def test_many_requests_come_some_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geo.sources.spreadsheet.ROWS", 1)
    batches = list(open311(tmp_path, REQUESTS).batches())
    assert [len(batch.accepted) for batch in batches] == [1, 1]


@pytest.mark.parametrize(
    ("values", "closed", "outcome"),
    [
        ({"Status": "confirmed"}, None, ""),
        ({"Status": "fixed - council", "Fixed": "2026-03-05T10:00:00"}, "2026-03-05T10:00Z",
         "fixed - council"),
        ({"Status": "no further action", "Closed": "2026-03-06T10:00:00",
          "Fixed": "2026-03-04T10:00:00"}, "2026-03-06T10:00Z", "no further action"),
        # Opened again: its old times are no longer those of a closed report.
        ({"Status": "investigating", "Fixed": "2026-03-05T10:00:00"}, None, ""),
        ({"Status": "fixed", "Closed": "2026-03-30T10:00:00"}, "2026-03-30T09:00Z", "fixed"),
    ],
)  # fmt: skip
def test_a_report_is_closed_when_its_state_says_so(
    tmp_path: Path, values: dict[str, str], closed: str | None, outcome: str
) -> None:
    (batch,) = fms(tmp_path, report(**values)).batches()
    life = life_of(batch, "fixmystreet:1")
    assert (None if pd.isna(life["closed"]) else life["closed"]) == (
        pd.Timestamp(closed) if closed else None
    )
    assert life["outcome"] == outcome


def test_a_report_is_received_when_confirmed_and_answered_when_acknowledged(
    tmp_path: Path,
) -> None:
    rows = (
        report(Acknowledged="2026-03-03T08:00:00", Subcategory="Bin full"),
        report(**{"Report ID": "2", "Confirmed": "", "Reported As": "body"}),
        report(**{"Report ID": "3", "Status": "duplicate", "Closed": "2026-03-04T08:00:00"}),
    )
    (batch,) = fms(tmp_path, *rows).batches()
    first, second, third = (life_of(batch, f"fixmystreet:{number}") for number in (1, 2, 3))
    assert first["received"] == pd.Timestamp("2026-03-02T09:20Z")
    assert first["answered"] == pd.Timestamp("2026-03-03T08:00Z")
    assert second["received"] == pd.Timestamp("2026-03-02T09:15Z")
    assert batch.accepted["category"].tolist() == ["bin-full", "litter", "litter"]
    assert [one["service"] for one in (first, second)] == ["Litter", ""]
    assert [one["channel"] for one in (first, second)] == ["resident", "officer"]
    assert third["withdrawn"]


def test_a_report_of_another_width_is_rejected(tmp_path: Path) -> None:
    (batch,) = fms(tmp_path, report(), [*report(**{"Report ID": "2"}), "more"]).batches()
    assert batch.rejected["row"].tolist() == [("not as wide as the header, 22 columns",)]


def test_a_csv_that_is_no_export_is_refused(tmp_path: Path) -> None:
    path = csv_file(tmp_path, ["1", "2"], header=["Report ID", "Problem ID"])
    with pytest.raises(InputError, match="lacks the column Category"):
        read_fixmystreet(path, Projection.choose())
