"""The two maps of before and after count and number what the tables do."""

from __future__ import annotations

import html
import re
from dataclasses import replace

from fastapi.testclient import TestClient

from geo.incidents import Batch, Partition
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import month_of_incidents

ASKED = "datetime=2024-02&layer=wards&cell=200&compare=previous"


def _of_the_council(month: str) -> Partition:
    """The incidents of a month as those of another source, which has published no other."""
    part = month_of_incidents(month, seed=9)
    (batch,) = part.batches()
    rows = batch.accepted.assign(
        source="council", incident_id="council/" + batch.accepted["incident_id"]
    )
    return replace(
        part,
        source="council",
        sha256="council",
        batches=lambda: iter([Batch(rows, batch.rejected)]),
    )


def test_what_only_one_period_covers_is_on_neither_map(
    client: TestClient, store: GeoPackageStore
) -> None:
    with store.transaction():
        store.put_partition(_of_the_council("2024-01"))
    areas = client.get(f"/ogc/collections/area-counts/items?{ASKED}&f=json").json()
    rows = [feature["properties"] for feature in areas["features"]]
    sums = {name: sum(row[name] for row in rows) for name in ("n_compared", "n")}
    assert areas["accounts"]["compared"]["left_out"].startswith("Compared is only what both")
    page = html.unescape(client.get(f"/?{ASKED}&show=pair").text)
    before, after = re.findall(r'<iframe[^>]* src="([^"]+)"', page)
    shown = [
        int(re.search(r"</strong>: ([\d,]+) incidents", client.get(address).text)[1])
        for address in (before, after)
    ]
    assert shown == [*sums.values()]
    # All of January is more than what both months cover.
    plain = client.get("/map?datetime=2024-01&layer=wards&cell=200").text
    assert int(re.search(r"</strong>: ([\d,]+) incidents", plain)[1]) > sums["n_compared"]


def test_a_place_has_one_number_on_both_maps(client: TestClient) -> None:
    numbers = [
        re.findall(r"\[(-?[\d.]+,-?[\d.]+),\"(\d+)\",", client.get(f"/map?{ASKED}{show}").text)
        for show in ("", "&show=before")
    ]
    assert numbers[0] == numbers[1] != []


def test_before_needs_something_to_compare_with(client: TestClient) -> None:
    refused = client.get("/map?datetime=2024-02&layer=wards&show=before")
    assert refused.status_code == 400
    assert "needs a period to compare with" in refused.text
