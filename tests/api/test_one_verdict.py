"""Command line, collection and board give one verdict on random questions of the real data."""

from __future__ import annotations

import os
import re
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


def test_every_door_gives_one_verdict(tmp_path: Path, real_data: Path) -> None:
    melton = real_data / "melton"
    for arguments in (
        *(["layers", "add", str(melton / f"{name}.geojson"), "--id", name] for name in LAYERS),
        ["ingest", str(next(melton.glob("police-uk-*.zip")))],
    ):
        done = run_patchmap(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
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
    assert "no clear change" in verdicts
