"""An allocation that is adopted becomes the roster, in the place of what was adopted before."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi.testclient import TestClient

from boundaries.tasking.storage import read_roster
from geo.store.geopackage import GeoPackageStore

POSTS = "tab=posts&datetime=2024-01/2024-02&layer=wards&posts=3"


def test_posts_become_vacant_entries_and_later_ones_replace_them(
    client: TestClient, store: GeoPackageStore
) -> None:
    page = client.get(f"/allocation?{POSTS}", follow_redirects=True)
    assert "Adopt it into the roster" in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    data = {"role": "public  protection officer", "first": "2026-04-01", "by": "Chair"}
    done = client.post(f"/allocation/adopt?{POSTS}", data=data)
    assert done.status_code == 200, done.text
    assert "3 entries" in done.text
    roster = read_roster(store)
    frame = client.get("/ogc/collections/posts/items?f=json&" + POSTS[10:]).json()
    shared = {
        one["properties"]["area_code"]: one["properties"]["posts"] for one in frame["features"]
    }
    counted = [one.areas[0] for one in roster]
    assert {code: counted.count(code) for code in shared} == shared
    assert {one.role for one in roster} == {"public protection officer"}
    assert all(one.is_vacant and one.contact_for == one.areas for one in roster)
    assert {one.steps[0].signed.by for one in roster} == {"Chair"}

    again = client.post(f"/allocation/adopt?{POSTS}", data=data)
    assert again.status_code == 409
    assert len(read_roster(store)) == 3
    later = client.post(f"/allocation/adopt?{POSTS}", data={**data, "first": "2026-07-01"})
    assert later.status_code == 200
    roster = read_roster(store)
    holding = [one for one in roster if one.holds_on(date(2026, 7, 1))]
    assert (len(roster), len(holding)) == (6, 3)
    assert {one.last for one in roster if one not in holding} == {date(2026, 6, 30)}


@pytest.mark.parametrize(
    ("query", "data"),
    [
        (POSTS, {"role": ""}),
        (POSTS, {"role": "x", "first": "soon"}),
        (POSTS, {"role": "x" * 300}),
        ("tab=patrols&datetime=2024-01/2024-02&layer=wards", {"role": "x"}),
        ("tab=nothing", {"role": "x"}),
    ],
)
def test_what_cannot_be_adopted_is_refused(
    client: TestClient, store: GeoPackageStore, query: str, data: dict[str, str]
) -> None:
    assert client.post(f"/allocation/adopt?{query}", data=data).status_code == 400
    assert read_roster(store) == []
