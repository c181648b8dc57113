"""The lines that a city grows along: its river, its main roads, its ring roads, its edge.

All coordinates are metres of the British National Grid; a line is an array of shape (n, 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

CENTRE: Final = np.array([570_000.0, 400_000.0])
"""Open water in the North Sea, so that no one takes the city for a real place."""

RADIUS_M: Final = 4_900.0
RING_M: Final = 2_450.0
INNER_RING_M: Final = 640.0
STEP_M: Final = 10.0


@dataclass(frozen=True)
class Lines:
    """The lines of a city, each sampled every `STEP_M` metres.

    Attributes
    ----------
    river
        From the west to the sea in the east, a little south of the centre.
    ring, inner_ring
        Closed roads around the centre; the last point repeats the first.
    radials
        Main roads from the centre to beyond the edge.
    edge_waves
        Amplitude, order and phase of the waves in the city's outline.
    """

    river: Floats
    ring: Floats
    inner_ring: Floats
    radials: tuple[Floats, ...]
    edge_waves: Floats

    @property
    def roads(self) -> tuple[Floats, ...]:
        """Every main road, the ring roads first."""
        return (self.ring, self.inner_ring, *self.radials)

    def inside_edge(self, points: Floats) -> Bools:
        """Whether points are within the city's outline."""
        offset = points - CENTRE
        angle = np.arctan2(offset[:, 1], offset[:, 0])
        amplitude, order, phase = self.edge_waves
        waves = amplitude * np.cos(order * angle[:, None] + phase)
        return np.asarray(np.hypot(*offset.T) < RADIUS_M * (1 + waves.sum(axis=1)))


def draw_lines(rng: np.random.Generator) -> Lines:
    """Draw the river, the roads and the outline of a city."""
    return Lines(
        river=_river(rng),
        ring=_loop(RING_M, rng, waviness=0.085),
        inner_ring=_loop(INNER_RING_M, rng, waviness=0.06),
        radials=_radials(rng),
        edge_waves=_edge_waves(rng),
    )


def resample(line: Floats, spacing: float) -> Floats:
    """Points on a line at equal distances of about `spacing` metres, both ends included."""
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    stations = np.linspace(0, along[-1], max(2, round(along[-1] / spacing) + 1))
    return np.column_stack([np.interp(stations, along, line[:, axis]) for axis in (0, 1)])


def beside(line: Floats, offset: float) -> Floats:
    """Move each point of a line to its left by `offset` metres (to its right if negative)."""
    tangent = np.gradient(line, axis=0)
    normal = np.column_stack([-tangent[:, 1], tangent[:, 0]])
    return np.asarray(line + offset * normal / np.hypot(*tangent.T)[:, None])


def distance_to(line: Floats, points: Floats) -> Floats:
    """Distance in metres of each point to a sampled line."""
    distance, _ = scipy.spatial.KDTree(line).query(points)
    return np.asarray(distance)


def from_centre(points: Floats) -> Floats:
    """Distance in metres of each point to the city's centre."""
    return np.asarray(np.hypot(*(points - CENTRE).T))


def _river(rng: np.random.Generator) -> Floats:
    x = np.arange(-8_000.0, 8_000.0, STEP_M)
    phase = rng.uniform(-0.4, 0.4, 2)
    # The bend towards the old town is why a town stands here at all.
    y = -900 + 560 * np.cos(x / 900 + phase[0]) * np.exp(-((x / 3_400) ** 2))
    y += 520 * np.sin(x / 1_700 + 0.6 + phase[1])
    return resample(CENTRE + np.column_stack([x, y]), STEP_M)


def _loop(radius: float, rng: np.random.Generator, *, waviness: float) -> Floats:
    angle = np.linspace(0, 2 * np.pi, 721)
    phase = rng.uniform(0, 2 * np.pi, 3)
    wave = sum(np.cos(order * angle + phase[order - 2]) / order for order in (2, 3, 4))
    distance = radius * (1 + waviness * np.asarray(wave))
    loop = CENTRE + distance[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return resample(loop, STEP_M)


def _radials(rng: np.random.Generator) -> tuple[Floats, ...]:
    bearings = np.radians([12, 62, 112, 160, 204, 256, 308]) + rng.uniform(-0.1, 0.1, 7)
    distance = np.arange(0.0, RADIUS_M * 1.5, STEP_M)
    lines = []
    for bearing in bearings:
        length, phase = rng.uniform(1_100, 2_000), rng.uniform(0, 2 * np.pi)
        # Bends fade towards the centre so that the roads do not cross there.
        bend = 0.14 * np.sin(distance / length + phase) * np.minimum(distance / 1_500, 1)
        heading = np.column_stack([np.cos(bearing + bend), np.sin(bearing + bend)])
        lines.append(resample(CENTRE + distance[:, None] * heading, STEP_M))
    return tuple(lines)


def _edge_waves(rng: np.random.Generator) -> Floats:
    order = np.array([2.0, 3.0, 5.0, 8.0, 13.0])
    amplitude = np.array([0.07, 0.075, 0.06, 0.04, 0.025])
    return np.vstack([amplitude, order, rng.uniform(0, 2 * np.pi, 5)])
