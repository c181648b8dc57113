"""Rounds filled one visit at a time: always the visit that covers most for its minutes."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.allocation.patrols.problem import PatrolProblem
from geo.allocation.patrols.routes import Route, RouteTravel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NEAR, _REMOVED = 12, 4  # of the nearest stops some are taken out together
_FLOOR_WORTH = 1e-9  # of a visit that only an area's floor requires
_TRIED = 40  # hotspots whose daily visits are tried out in full, the most promising first


@dataclass(frozen=True)
class Visit:
    """One way to put a hotspot into a round: which round, at which stop, and the added minutes."""

    crew: int
    where: int
    minutes: float


class Rounds:
    """The rounds of all officers, while they are being filled.

    Attributes
    ----------
    crews
        The shift of each officer, shift after shift.
    routes
        The round of each officer.
    visits
        n × s: the visits to each hotspot in each shift.
    """

    def __init__(self, problem: PatrolProblem, demand: Floats) -> None:
        self.problem, self.demand = problem, demand
        counts = [shift.officers for shift in problem.shifts]
        self.crews: list[int] = np.repeat(np.arange(len(counts)), counts).tolist()
        self.ways = [RouteTravel(problem.travel, again=rounds > 1) for rounds in problem.rounds]
        self.routes: list[Route] = [() for _ in self.crews]
        self.visits = np.zeros(demand.shape, np.int64)
        self._added = np.full((len(self.crews), len(demand)), np.inf)
        self._where = np.zeros(self._added.shape, np.int64)
        for crew in range(len(self.crews)):
            self._update(crew)

    def fill(self) -> None:
        """Add visits as long as one fits: first for areas that lack them, then for all."""
        while self._add_best(self._areas_short(), least=_FLOOR_WORTH):
            pass
        anywhere, added = np.ones(len(self.demand), bool), True
        while added:
            added = False
            while self._add_best(anywhere):
                added = True
            # A shorter round may leave room for one more visit.
            self._shorten()

    @property
    def value(self) -> float:
        """The demand covered."""
        return float((self.demand * self.problem.covered(self.visits)).sum())

    def copy(self) -> Rounds:
        """A copy that can be changed on its own."""
        other = copy.copy(self)
        other.routes, other.visits = self.routes.copy(), self.visits.copy()
        other._added, other._where = self._added.copy(), self._where.copy()
        return other

    def thin_out(self, rng: np.random.Generator) -> None:
        """Take a few stops near a random one out of all rounds."""
        planned = np.flatnonzero(self.visits.sum(axis=1))
        if not len(planned):
            return
        centre = int(rng.choice(planned))
        away = self.problem.travel.between[centre, planned]
        near = planned[np.argsort(away, kind="stable")][:_NEAR]
        removed = {int(spot) for spot in rng.permutation(near)[:_REMOVED]}
        for crew, route in enumerate(self.routes):
            if removed.intersection(route):
                self.routes[crew] = tuple(spot for spot in route if spot not in removed)
                self._update(crew)
        self.visits[sorted(removed)] = 0

    def unserved_areas(self) -> list[int]:
        """Areas with fewer visits than required."""
        return [int(area) for area in np.unique(self.problem.areas[self._areas_short()])]

    def _shorten(self) -> None:
        for crew, (shift, route) in enumerate(zip(self.crews, self.routes, strict=True)):
            shorter = self.ways[shift].shortened(route)
            if shorter != route:
                self.routes[crew] = shorter
                self._update(crew)

    def _areas_short(self) -> NDArray[np.bool_]:
        """The hotspots of areas that lack visits."""
        areas, least = self.problem.areas, self.problem.rule.area_visits
        if not least:
            return np.zeros(len(areas), bool)
        # Hotspots outside all areas are counted at position 0, which needs no visits.
        by_area = np.bincount(areas + 1, weights=self.visits.sum(axis=1))
        return np.asarray((areas >= 0) & (by_area[areas + 1] < least))

    def _add_best(self, allowed: NDArray[np.bool_], *, least: float = 0.0) -> bool:
        """Add the visits to the hotspot that covers most for its minutes, if any fits.

        A visit that is worth less than `least` counts as worth that.
        """
        scores = np.where(allowed, self._scores(least), 0.0)
        best = scores.max(axis=0)
        promising = np.argsort(-best, kind="stable")[:_TRIED]
        chosen, chosen_score = [], 0.0
        for spot in promising[best[promising] > 0].tolist():
            if best[spot] <= chosen_score:
                break
            visits, score = self._package(spot, scores[:, spot], least=least)
            if score > chosen_score:
                chosen, chosen_score = [(spot, visit) for visit in visits], score
        for spot, visit in chosen:
            self._add(spot, visit)
        return bool(chosen)

    def _scores(self, least: float) -> Floats:
        """Crews × hotspots: demand that a visit in every round covers, for each minute it takes."""
        rounds = np.array(self.problem.rounds)
        left = self.demand * (1 - self.problem.covered(self.visits))
        gain = np.maximum(left * self.problem.covered(rounds), least)[:, self.crews].T
        minutes = (self._added + self.problem.rule.minutes) * rounds[self.crews][:, None]
        return np.where(np.isfinite(minutes), gain / minutes, 0.0)

    def _package(self, spot: int, scores: Floats, *, least: float) -> tuple[list[Visit], float]:
        """The best visits that bring a hotspot up to its daily visits, and their score.

        The score is demand for each minute, 0 where the rounds have no room for all of them.
        """
        missing = max(self.problem.rule.per_day - int(self.visits[spot].sum()), 1)
        visits, gain, spent, before = [], 0.0, 0.0, self.visits[spot].copy()
        for crew in np.argsort(-scores, kind="stable").tolist():
            if missing <= 0 or scores[crew] <= 0:
                break
            shift = self.crews[crew]
            rounds = self.problem.rounds[shift]
            added = float(self._added[crew, spot])
            covered = self.problem.covered(np.array([before[shift], before[shift] + rounds]))
            visits.append(Visit(crew, int(self._where[crew, spot]), added))
            gain += float(self.demand[spot, shift] * (covered[1] - covered[0]))
            spent += rounds * (added + self.problem.rule.minutes)
            before[shift] += rounds
            missing -= rounds
        return (visits, max(gain, least) / spent) if visits and missing <= 0 else ([], 0.0)

    def _add(self, spot: int, visit: Visit) -> None:
        route, shift = self.routes[visit.crew], self.crews[visit.crew]
        self.routes[visit.crew] = (*route[: visit.where], spot, *route[visit.where :])
        self.visits[spot, shift] += self.problem.rounds[shift]
        self._update(visit.crew)

    def _update(self, crew: int) -> None:
        """Work out the minutes that each hotspot would add to a round; infinite if too many."""
        shift, route = self.crews[crew], self.routes[crew]
        added, self._where[crew] = self.ways[shift].insertions(route)
        now = self.ways[shift].minutes(route) + len(route) * self.problem.rule.minutes
        room = self.problem.round_minutes(shift) - now - self.problem.rule.minutes
        fits = added <= room + 1e-9
        fits[list(route)] = False
        self._added[crew] = np.where(fits, added, np.inf)


def filled(problem: PatrolProblem, *, demand: Floats | None = None) -> Rounds:
    """Fill rounds from nothing.

    Parameters
    ----------
    problem
        The hotspots, shifts and rule.
    demand
        Demand to fill by instead of the problem's.

    Returns
    -------
    The rounds.

    Source: the insertion heuristic of Solomon 1987, by demand for each minute.
    """
    rounds = Rounds(problem, problem.demand if demand is None else demand)
    rounds.fill()
    return rounds


def refilled(rounds: Rounds, *, tries: int, seed: int) -> list[Rounds]:
    """Take some visits out at random and fill up again, and keep what is no worse.

    Parameters
    ----------
    rounds
        The rounds to improve.
    tries
        How often.
    seed
        Of what is taken out.

    Returns
    -------
    The rounds whenever they got better, the best last.
    """
    rng = np.random.default_rng(seed)
    improvements, best = [rounds], rounds
    for _ in range(tries):
        trial = best.copy()
        trial.thin_out(rng)
        trial.fill()
        if trial.unserved_areas() or trial.value < best.value - 1e-9:
            continue
        if trial.value > best.value + 1e-9:
            improvements.append(trial)
        best = trial
    return improvements
