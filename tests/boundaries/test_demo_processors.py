"""The demo city is one city, whatever vector instructions a processor has."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__ as dispatched
from numpy._core._multiarray_umath import __cpu_features__ as features

from boundaries.demo import DemoCity

PRINTED = """
import json
from boundaries.demo import build_city
from tests.boundaries.test_demo_processors import drawn
print(json.dumps(drawn(build_city())))
"""


def drawn(city: DemoCity) -> dict[str, list[object]]:
    """What each stage of the city drew."""
    by_place = city.incidents.groupby(["category", "location"], observed=True)
    return {
        "wards": city.wards["area_name"].tolist(),
        "ward of each block": city.blocks["ward_code"].tolist(),
        "residents": city.blocks["residents"].tolist(),
        "streets": city.streets["street_name"].tolist(),
        "incidents": by_place.size().tolist(),
        "planted": city.planted[["kind", "name"]].to_numpy().tolist(),
        "entries": city.entries["amount"].tolist(),
        "outcomes": city.cases["Outcome"].astype(str).tolist(),
    }


def build(**environment: str) -> dict[str, list[object]]:
    done = subprocess.run(
        [sys.executable, "-c", PRINTED],
        env=os.environ | environment,
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_a_city_does_not_depend_on_vector_instructions(demo_city):
    used = [name for name in dispatched if features[name]]
    if not used:
        pytest.skip("NumPy finds no vector instructions here that it could do without")
    plain = build(NPY_DISABLE_CPU_FEATURES=" ".join(used))
    for name, values in drawn(demo_city).items():
        assert values == plain[name], name
