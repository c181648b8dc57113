"""No option of a Question tells an officer what happened in areas that they do not see."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest
import shapely
from fastapi.testclient import TestClient
from httpx2 import Response

from geo.analyses import ANALYSES
from geo.question.model import OPTIONS
from geo.question.options import Option
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SIDE, SOUTH, WEST
from tests.api.views.test_views import CANARY, get, table

OWN, ELSEWHERE = "p150:43540:33639", "p150:43770:33690"
TESTED = "/download/treatment.csv?layer=wards&datetime=2024-02&since=2024-02&buffer=50"
LAYERS = ("study", "baseline", "treated", "control", "bases", "streets", "layer")
"""The options that name a layer."""


def taking(option: str) -> str:
    """The address of an analysis that takes an option, with all else that it needs."""
    [own] = [one for one in OPTIONS if one.name == option]
    # The town has no entries, of which some are.
    those = [one for one in ANALYSES if one.subject == "incidents" and own in one.options]
    command = those[-1].command
    rest = {
        "treatment": f"&since=2024-02&buffer=50{'' if option == 'treated' else f'&treated={OWN}'}",
        "posts": "&posts=4",
    }
    layer = "" if option == "layer" else "&layer=wards"
    return f"/answers/{command}?datetime=2024-02{layer}{rest.get(command, '')}"


def detail(response: Response) -> str:
    """What a refusal says."""
    assert response.status_code == 400, response.text
    return re.sub(r'"request_id": ?"\w+"|request \w+', "", response.text)


def test_a_treatment_is_tested_in_ones_own_areas_only(either: TestClient) -> None:
    own, seen = (table(either, who, f"{TESTED}&treated={OWN}") for who in ("nat", "ann"))
    pd.testing.assert_frame_equal(own, seen)
    for named in (ELSEWHERE, "p25:262620:202140", f"{OWN},{ELSEWHERE}", "wards", "blocks"):
        refused = get(either, "ann", f"{TESTED}&treated={named}")
        assert "you can test places in your own areas only" in detail(refused)
        compared = get(either, "ann", f"{TESTED}&treated={OWN}&control={named}")
        assert "you can test places in your own areas only" in detail(compared)
    assert get(either, "nat", f"{TESTED}&treated={ELSEWHERE}").status_code == 200


@pytest.mark.parametrize("buffer", [700, 5_000])
def test_what_is_counted_around_a_place_is_ones_own_too(viewed: TestClient, buffer: int) -> None:
    address = TESTED.replace("buffer=50", f"buffer={buffer}")
    assert f"{buffer:,} m around it" in detail(get(viewed, "ann", f"{address}&treated={OWN}"))


def test_places_are_matched_for_those_who_see_all(viewed: TestClient) -> None:
    refused = detail(get(viewed, "ann", f"{TESTED}&treated={OWN}&control=matched"))
    assert "matched places can lie in areas that you do not see" in refused
    assert not re.search(r"had up to \d", refused)


def test_every_option_that_names_a_layer_is_tried() -> None:
    named = {"a layer id", "layer of", "layer that", "a layer of points"}

    def names_layer(option: Option) -> bool:
        return any(words in option.help.casefold() for words in named)

    assert {one.name for one in OPTIONS if names_layer(one)} - {"today"} == {*LAYERS}


@pytest.mark.parametrize("option", LAYERS)
@pytest.mark.parametrize("value", ["nope", "premises"])
def test_a_refused_layer_is_answered_with_those_that_are_seen(
    either: TestClient, option: str, value: str
) -> None:
    answer = get(either, "ann", f"{taking(option)}&{option}={value}")
    assert answer.status_code in (200, 400), answer.text
    if value == "nope":
        assert "there is no" in detail(answer)
    assert not re.search(r"\bcity\b", answer.text.replace('value="city"', ""))
    assert not CANARY.search(answer.content)


@pytest.mark.parametrize(
    ("option", "form"), [("exclude", "{}"), ("pinned", "Ann={}"), ("bridges", "B=QA01+{}")]
)
def test_areas_that_are_not_seen_are_refused_in_every_option(
    viewed: TestClient, option: str, form: str
) -> None:
    address = f"{taking(option)}&{option}="
    hidden, unknown = (
        detail(get(viewed, "ann", address + form.format(code))) for code in ("QB02", "QX99")
    )
    assert hidden.replace("QB02", "QX99") == unknown
    assert " *0" not in hidden


@pytest.mark.parametrize("who", ["ann", "nat"])
def test_points_are_a_baseline_for_all(either: TestClient, who: str) -> None:
    address = "/download/hotspots.csv?datetime=2024-01/2024-02&layer=wards&baseline=premises"
    seen = table(either, who, address)
    assert "QA01" in set(seen["area_code"])


def test_a_study_area_elsewhere_is_as_one_that_does_not_exist(
    writable: tuple[TestClient, GeoPackageStore],
) -> None:
    client, store = writable
    metadata, wards = store.layer("wards")
    estate = wards.iloc[[1]].set_axis(["E1"]).rename_axis("area_code")
    part = wards.iloc[[0]].set_axis(["E2"]).rename_axis("area_code")
    half = shapely.box(WEST, SOUTH, WEST + SIDE / 2, SOUTH + SIDE)
    with store.transaction():
        store.put_layer(replace(metadata, layer_id="estate"), estate)
        store.put_layer(replace(metadata, layer_id="part"), part.assign(geometry=[half]))
    address = "/download/area-counts.csv?datetime=2024-01/2024-02&layer=wards&study="
    hidden, unknown = (detail(get(client, "ann", address + one)) for one in ("estate", "zzzzzz"))
    assert hidden.replace("estate", "zzzzzz") == unknown
    assert get(client, "ann", address + "part").status_code == 200
    assert get(client, "nat", address + "estate").status_code == 200
    assert get(client, "ann", address + "city").status_code == 200


PATROLS = "datetime=2024-01/2024-02&layer=wards"


def test_rounds_start_at_bases_that_are_seen(either: TestClient) -> None:
    """An area that is not seen has neither a name nor a code to start from."""
    address = f"/ogc/collections/patrols/items?f=json&{PATROLS}&bases="
    for bases, seen, left_out in (("blocks", {"bl1", "bl2"}, "3 candidate bases lie"),
                                  ("premises", {"p1"}, "1 candidate base lies")):  # fmt: skip
        parameters, of_all = (
            get(either, who, address + bases).json()["parameters"] for who in ("ann", "nat")
        )
        assert {one["base_code"] for one in parameters["best_bases"]} == seen
        assert of_all["candidate_bases"] > len(seen) == parameters["candidate_bases"]
        page = get(either, "ann", f"/allocation?tab=patrols&{PATROLS}&bases={bases}").text
        assert f"{left_out} outside your areas" in page
        assert "another area" not in page
    hidden, unknown = (detail(get(either, "ann", address + name)) for name in ("city", "nope"))
    assert hidden.replace("city", "nope") == unknown
