"""The layer of a Question that names none: of several vintages the newest in force."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from geo.question.store_settings import default_layer, default_of
from geo.store.contract import LayerMetadata


def store(*layers: LayerMetadata, chosen: str = "") -> SimpleNamespace:
    return SimpleNamespace(layers=lambda: list(layers), setting=lambda _name: chosen or None)


@pytest.mark.parametrize(
    ("layers", "opened"),
    [
        ([("wards-2013", ""), ("wards-2025", "")], "wards-2025"),
        ([("wards-2013", "2013-05-02"), ("wards-2025", "2025-05-01")], "wards-2025"),
        ([("wards", "2013-05-02"), ("wards-2025", "2025-05-01")], "wards-2025"),
        ([("wards-2013", ""), ("lsoa-2021", ""), ("estates", "2024-01-01")], "wards-2013"),
        ([("wards-2025", "2025-05-01"), ("wards-2199", "2199-05-01")], "wards-2025"),
        ([("wards-2198", ""), ("wards-2199", "")], "wards-2198"),
        ([("wards", ""), ("estates", "")], "wards"),
    ],
)
def test_a_question_opens_on_the_newest_vintage_in_force(layers, opened) -> None:
    metadata = [LayerMetadata(name, valid_from=begun) for name, begun in layers]
    assert default_layer(store(*metadata)) == opened


@pytest.mark.parametrize(
    ("day", "opened"),
    [("2021-05-01", "old"), ("2025-04-30", "old"), ("2025-05-01", "new"), ("2025-12-31", "new"),
     ("2026-01-01", "whole"), ("2013-01-01", "whole")],
)  # fmt: skip
def test_a_vintage_is_in_force_from_its_first_day_to_its_last(day, opened) -> None:
    layers = {
        "whole": LayerMetadata("wards", valid_from="2010-01-01"),
        "old": LayerMetadata("wards-2021", valid_from="2021-05-01", valid_to="2025-04-30"),
        "new": LayerMetadata("wards-2025", valid_from="2025-05-01", valid_to="2025-12-31"),
    }
    assert default_of(list(layers.values()), None, day=day) == layers[opened].layer_id


def test_of_vintages_that_are_all_past_the_latest_stays() -> None:
    past = [LayerMetadata(f"wards-{year}", valid_to=f"{year + 4}-05-01") for year in (2013, 2017)]
    assert default_of(past, None, day="2026-01-01") == "wards-2017"


def test_the_layer_that_was_chosen_stays() -> None:
    vintages = [LayerMetadata("wards-2013"), LayerMetadata("wards-2025")]
    assert default_layer(store(*vintages, chosen="wards-2013")) == "wards-2013"
