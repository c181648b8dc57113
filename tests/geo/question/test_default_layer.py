"""The layer of a Question that names none: of several vintages the newest in force."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from geo.question.store_settings import default_layer
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


def test_the_layer_that_was_chosen_stays() -> None:
    vintages = [LayerMetadata("wards-2013"), LayerMetadata("wards-2025")]
    assert default_layer(store(*vintages, chosen="wards-2013")) == "wards-2013"
