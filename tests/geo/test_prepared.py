"""Prepared geometries: copies, which threads can compare with points at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import shapely

from geo.prepared import prepared, prepared_array, prepared_for_points

# In a process of its own, which a fault of GEOS would end: of polygons prepared at once for all
# threads, and not for points, it does so within a few rounds.
THREADS = """
from threading import Barrier, Thread
import numpy as np, shapely
from geo.prepared import prepared_for_points
angle = np.linspace(0, 2 * np.pi, 20_000, endpoint=False)
radius = np.random.default_rng(1).uniform(900, 1_000, len(angle))
star = shapely.polygons(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
x, y = np.random.default_rng(2).uniform(-1_000, 1_000, (2, 1_000))
inside, gate = shapely.intersects_xy(star, x, y), Barrier(3)
for _ in range(15):
    shared, same = prepared_for_points(np.array([star]))[0], []
    def compare():
        gate.wait()
        same.append(np.array_equal(shapely.intersects_xy(shared, x, y), inside))
    threads = [Thread(target=compare) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert same == [True] * 3
"""


def test_copies_are_prepared_and_what_others_hold_is_not() -> None:
    shapes = np.array([shapely.box(0, 0, 1, 1), shapely.Point(5, 5), None, shapely.Polygon()])
    for copies in (prepared_array(shapes), prepared_for_points(shapes)):
        assert shapely.equals_identical(copies, shapes).tolist() == [True, True, False, True]
        assert shapely.is_prepared(copies).tolist() == [True, True, False, True]
    assert shapely.is_prepared(prepared(shapes[0]))
    assert not shapely.is_prepared(shapes).any()


def test_threads_compare_the_same_areas_with_points() -> None:
    command = [sys.executable, "-X", "faulthandler", "-c", THREADS]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
