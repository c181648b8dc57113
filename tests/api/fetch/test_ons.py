"""Fetching layers from the ONS portal, page by page and whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.fetch import download
from api.fetch.fetch import fetch_layer
from tests.api.fetch.server import Answer, Received, Server, as_json, names, refusal

SERVICES = [
    "WD_MAY_2025_UK_BFC",
    "WD_DEC_2025_UK_BSC",
    "WD_DEC_2025_UK_BFC",
    "WD_DEC_2025_UK_BFC_V2",
    "WD_DEC_2025_EN_NC",
    "Wards_December_2022_Boundaries_GB_BGC",
    "LAD_DEC_2025_UK_BFC",
]
FINEST = "/WD_DEC_2025_UK_BFC_V2/FeatureServer/0"


def ward(number: int) -> dict[str, Any]:
    ring = [[-1.5, 52.9], [-1.4, 52.9], [-1.4, 53.0], [-1.5, 52.9]]
    return {
        "type": "Feature",
        "properties": {"WD25CD": f"E05{number:06}", "LAD25CD": "E06000015"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def feature_server(count: int = 5, *, most: int = 2, stated: int | None = None, flag: str = "top"):
    """The query of a FeatureServer that gives at most `most` areas a page."""

    def make(request: Received) -> Answer:
        query = {name: value[0] for name, value in parse_qs(urlsplit(request.path).query).items()}
        assert query["where"] == "LAD25CD='E06000015'"
        if query.get("returnCountOnly"):
            return as_json({"count": count if stated is None else stated})
        assert (query["f"], query["outSR"], query["outFields"]) == ("geojson", "4326", "*")
        assert query["orderByFields"] == "FID"
        first = int(query["resultOffset"])
        page = [ward(number) for number in range(count)][first : first + most]
        more = {"exceededTransferLimit": True} if first + most < count else {}
        outer = more if flag == "top" else {"properties": more}
        return as_json({"type": "FeatureCollection", "features": page} | outer)

    return make


@pytest.fixture
def ons(server: Server) -> Server:
    listed = [{"name": name, "type": "FeatureServer"} for name in SERVICES]
    listed.append({"name": "WD_DEC_2025_UK_BFC_V9", "type": "WFSServer"})
    server.answer("/", as_json({"services": listed}))
    fields = [{"name": name} for name in ("FID", "WD25CD", "WD25NM", "LAD25CD")]
    server.answer(FINEST, as_json({"fields": fields, "objectIdField": "FID"}))
    server.answer(f"{FINEST}/query", feature_server())
    return server


def wards(server: Server, folder: Path, layer: str = "wards-2025", **options: Any) -> Path:
    authority = options.pop("authority", "E06000015")
    address = f"{server.address}/"
    return fetch_layer(
        layer, authority, folder, address=address, sleep=server.slept.append, **options
    )


@pytest.mark.parametrize("flag", ["top", "inside"])
def test_a_layer_comes_page_by_page_and_whole(flag: str, ons: Server, tmp_path: Path) -> None:
    ons.answer(f"{FINEST}/query", feature_server(flag=flag))
    progress: list[tuple[int, int]] = []
    path = wards(ons, tmp_path / "new", progress=lambda *done: progress.append(done))
    assert path.name == "wards-2025-E06000015.geojson"
    collection = json.loads(path.read_bytes())
    assert collection == {"type": "FeatureCollection", "features": [ward(n) for n in range(5)]}
    assert progress == [(2, 5), (4, 5), (5, 5)]


def test_older_editions_are_found_by_their_longer_name(ons: Server, tmp_path: Path) -> None:
    older = "/Wards_December_2022_Boundaries_GB_BGC/FeatureServer/0"
    ons.answer(older, as_json({"fields": [{"name": "wd22cd"}]}))
    line = refusal(wards, ons, tmp_path, "wards-2022")
    assert "has no field for the council" in line
    assert "lists no boundaries of wards of 2019" in refusal(wards, ons, tmp_path, "wards-2019")


@pytest.mark.parametrize("stated", [3, 7])
def test_areas_that_do_not_add_up_are_refused(stated: int, ons: Server, tmp_path: Path) -> None:
    ons.answer(f"{FINEST}/query", feature_server(stated=stated))
    line = refusal(wards, ons, tmp_path)
    assert f"states {stated} areas but sent 5" in line or f"sent 5 of {stated} areas" in line
    assert names(tmp_path) == []


def test_a_server_that_ignores_the_offset_is_noticed(ons: Server, tmp_path: Path) -> None:
    same = as_json({"type": "FeatureCollection", "features": [ward(1)]})
    ons.answer(f"{FINEST}/query", as_json({"count": 3}), same)
    assert "sent 1 of 3 areas" in refusal(wards, ons, tmp_path)


def test_an_authority_without_areas_is_refused(ons: Server, tmp_path: Path) -> None:
    ons.answer(f"{FINEST}/query", feature_server(0))
    assert "no area of wards-2025 has LAD25CD E06000015" in refusal(wards, ons, tmp_path)


WRONG_ANSWERS = {
    "an error": (
        as_json({"error": {"code": 400, "message": "Invalid\nquery"}}),
        "reports an error: Invalid query",
    ),
    "a page": ((200, {}, b"<html>"), "did not send a JSON object"),
    "a list": (as_json([]), "did not send a JSON object"),
    "no count": (as_json({"count": "many"}), "does not state the number"),
    "cut short": ((200, {"Content-Length": "999"}, b"{}"), "cannot be reached"),
}


@pytest.mark.parametrize("fault", WRONG_ANSWERS)
def test_a_wrong_answer_is_one_line(fault: str, ons: Server, tmp_path: Path) -> None:
    answer, message = WRONG_ANSWERS[fault]
    ons.answer(f"{FINEST}/query", answer)
    line = refusal(wards, ons, tmp_path)
    assert message in line
    assert "by hand from https://geoportal.statistics.gov.uk" in line
    assert names(tmp_path) == []


def test_a_page_that_is_no_geojson_is_refused(ons: Server, tmp_path: Path) -> None:
    ons.answer(f"{FINEST}/query", as_json({"count": 1}), as_json({"features": [ward(1)]}))
    assert "did not send GeoJSON" in refusal(wards, ons, tmp_path)


def test_an_answer_without_an_end_is_cut_off(
    ons: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "_LARGEST_ANSWER", 100)
    assert "sent more than 100 bytes" in refusal(wards, ons, tmp_path)


def test_a_busy_portal_is_waited_for(ons: Server, tmp_path: Path) -> None:
    busy = 429, {"Retry-After": "3"}, b""
    ons.answer(f"{FINEST}/query", feature_server(), busy, feature_server())
    wards(ons, tmp_path)
    assert ons.slept == [3]


def test_a_file_of_before_stays_where_fetching_fails(ons: Server, tmp_path: Path) -> None:
    path = wards(ons, tmp_path)
    before = path.read_bytes()
    ons.answer(f"{FINEST}/query", (500, {}, b""))
    assert "is too busy (HTTP 500)" in refusal(wards, ons, tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("authority", ["' OR 1=1 --", "Derby", "E0600001", ""])
def test_what_is_no_code_is_refused_before_asking(authority: str, ons: Server, tmp_path: Path):
    assert "is not the GSS code" in refusal(wards, ons, tmp_path, authority=authority)
    assert "choose wards-YEAR" in refusal(wards, ons, tmp_path, "lsoa-2021")
    assert ons.requests == []
