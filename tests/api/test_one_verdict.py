"""Command line, collection and board give one verdict on random questions of the real data."""

from __future__ import annotations

import html
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from fastapi.testclient import TestClient

from api.app import make_app
from api.pages.text import CHANGE_WORDS
from api.settings import Settings
from geo.store.geopackage import GeoPackageStore
from tests.api.conftest import SearchesHere
from tests.services import run_patchmap

QUESTIONS = int(os.environ.get("PATCHMAP_VERDICT_QUESTIONS", "3"))
"""How many questions; a hundred take some minutes."""

CATEGORIES = ("", "anti-social-behaviour", "burglary", "vehicle-crime")
LAYERS = ("wards-2025", "lsoa-2021")


def one_number_of_hotspots(
    client: TestClient, folder: Path, words: tuple[str, ...], query: str
) -> None:
    """Command, collections, board, map and brief count the same hotspots of one baseline."""
    first, last, *options = words
    done = run_patchmap(
        "outlines", "--from", first, "--to", last, *options, "--baseline", "even", "--cell", "400",
        "-o", "h.csv",
        cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, (query, done.stderr)
    n = len(pd.read_csv(folder / "h.csv"))
    against = r"more than an even spread over [^.]* would lead one to expect"
    assert re.search(rf"{n} hotspots?: joined cells with {against}", done.stdout + done.stderr)
    query += "&baseline=even&cell=400"
    ogc = "/ogc/collections/{}/items?{}&limit=10000&f=json"
    outlines = client.get(ogc.format("hotspot-outlines", query)).json()
    cells = client.get(ogc.format("hotspots", query)).json()["features"]
    hot = [one["properties"] for one in cells if one["properties"]["class"].startswith("hot")]
    assert len(outlines["features"]) == n == len({one["cluster_id"] for one in hot}) > 0
    assert outlines["parameters"]["baseline"] == "even"
    for one in outlines["features"]:
        own = [cell for cell in hot if cell["cluster_id"] == one["properties"]["cluster_id"]]
        assert one["properties"]["n"] == sum(cell["n"] for cell in own)
        assert one["properties"]["cells"] == len(own)
        assert min(cell["n"] for cell in own) > 0
    for door in ("/", "/brief.html"):
        page = html.unescape(client.get(f"{door}?{query}").text)
        assert re.search(rf"<strong>{n}</strong> (<abbr[^>]*>)?hotspots?", page), door
        assert re.search(rf"Hotspot: {against}", page), door
    legend = html.unescape(client.get(f"/map?{query}").text)
    assert (
        sum(int(each) for each in re.findall(r">(\d+) hotspots?: hot cells that touch", legend))
        == n
    )


def test_every_door_gives_one_verdict(tmp_path: Path, melton_store: Path) -> None:
    shutil.copy(melton_store, tmp_path / "patchmap.gpkg")
    rng = np.random.default_rng(15)
    verdicts = set()
    store = GeoPackageStore(tmp_path / "patchmap.gpkg")
    app = make_app(store, Settings(), searches=SearchesHere())
    address = ("127.0.0.1", 50_000)
    with TestClient(app, base_url="http://127.0.0.1:8000", client=address) as client:
        for number in range(QUESTIONS):
            months, end = int(rng.integers(1, 7)), int(rng.integers(14, 24))
            first, last = (np.datetime64("2020-11") + at for at in (end - months + 1, end))
            options = {
                "datetime": f"{first}/{last}",
                "compare": "year" if rng.random() < 0.3 and months <= end - 12 else "previous",
                "layer": LAYERS[number % 2],
                "category": str(rng.choice(CATEGORIES)),
            }
            given = {name: text for name, text in options.items() if text}
            query = "&".join(f"{name}={text}" for name, text in given.items())
            span = given.pop("datetime").split("/")
            texts = [part for name, text in given.items() for part in (f"--{name}", text)]
            done = run_patchmap(
                "count", "--from", span[0], "--to", span[1], *texts, "-o", "n.csv", cwd=tmp_path
            )
            assert done.returncode == 0, (query, done.stderr)
            table = pd.read_csv(tmp_path / "n.csv", keep_default_na=False, na_values={"n": [""]})
            command = dict(zip(table["area_code"], table["certainty"], strict=True))
            items = client.get(f"/ogc/collections/area-counts/items?{query}&limit=1000&f=json")
            features = [feature["properties"] for feature in items.json()["features"]]
            assert {one["area_code"]: one["certainty"] for one in features} == command, query
            assert all(
                one["change"] == one["n"] - one["n_compared"]
                for one in features
                if one["certainty"]
            ), query
            page = client.get(f"/?{query}").text
            board = page[page.index('id="areas"') :]
            rows = re.findall(r'<tr data-at="([^"]+)">(.*?)</tr>', board, re.DOTALL)
            words = {code: CHANGE_WORDS.get(verdict, "") for code, verdict in command.items()}
            shown = [code for code, row in rows if code in words and words[code] in row]
            assert set(shown) == set(words), query
            verdicts |= set(command.values())
            if number == 0:
                one_number_of_hotspots(client, tmp_path, (*span, *texts), query)
    assert "no clear change" in verdicts
