"""How the options of a Question that are more than a word or a number are read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from geo.errors import QuestionError


def read_hours(text: str) -> tuple[int, int]:
    """Read `18-02` as the first hour and the hour at which it ends, both from 0 to 23.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    match = re.fullmatch(r"([01]?\d|2[0-4])-([01]?\d|2[0-4])", text)
    if not match:
        raise QuestionError("hours", f"{text!r} cannot be read, write it as 18-02")
    return int(match[1]) % 24, int(match[2]) % 24


def read_size(text: str) -> tuple[int, int]:
    """Read `2-3`, or `3` alone, as the fewest and the most.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    match = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3}))?", text)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high:
        raise QuestionError("size", f"{text!r} cannot be read, write it as 2-3")
    return low, high


def read_mix(text: str) -> dict[str, float]:
    """Read `incidents:2,imd_rank:1` as a weight by column; without a number it is 1.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    mix: dict[str, float] = {}
    for part in text.split(","):
        match = re.fullmatch(r"\s*([^:,]{1,64}?)\s*(?::\s*(\d{1,6}(?:\.\d{1,6})?))?\s*", part)
        if not match or match[1] in mix:
            raise QuestionError("need", f"{text!r} cannot be read, write it as incidents:2,imd:1")
        mix[match[1]] = float(match[2] or 1)
    return mix


def read_pairs(name: str, text: str) -> dict[str, str]:
    """Read `Ann Lee=E05001,Bo Ray=E05002` as what is on the right by what is on the left.

    Raises
    ------
    QuestionError
        If it cannot be read, or a name stands twice.
    """
    pairs: dict[str, str] = {}
    for part in text.split(","):
        left, mark, right = (piece.strip() for piece in part.partition("="))
        if not (left and mark and right) or left in pairs:
            raise QuestionError(name, f"{part.strip()!r} cannot be read, write it as NAME=CODE")
        pairs[left] = right
    return pairs


def read_bridges(text: str) -> dict[str, tuple[str, str]]:
    """Read `Swan Bridge=E05001+E05002` as two areas by the bridge's name.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    bridges = {}
    for name, ends in read_pairs("bridges", text).items():
        first, mark, second = (piece.strip() for piece in ends.partition("+"))
        if not (first and mark and second):
            raise QuestionError("bridges", f"{ends!r} are no two areas, write NAME=CODE+CODE")
        bridges[name] = first, second
    return bridges


@dataclass(frozen=True)
class AskedShift:
    """A shift as it is asked for: its name, how many officers, and when it begins, `HH:MM`."""

    name: str
    officers: int
    starts: str


def read_shifts(text: str) -> list[AskedShift]:
    """Read `late:2@14:00,night:1@22:00`; `late` and `night` alone begin at those hours.

    Raises
    ------
    QuestionError
        If it cannot be read, or a shift stands twice.
    """
    usual = {"early": "07:00", "day": "09:00", "late": "14:00", "night": "22:00"}
    shifts: list[AskedShift] = []
    for part in text.split(","):
        match = re.fullmatch(
            r"\s*([a-z][a-z0-9 -]{0,30}?):(\d{1,3})(?:@(([01]\d|2[0-3]):[0-5]\d))?\s*", part
        )
        if not match or int(match[2]) < 1 or match[1] in {shift.name for shift in shifts}:
            raise QuestionError("shifts", f"{part.strip()!r} cannot be read, write late:2@14:00")
        starts = match[3] or usual.get(match[1], "")
        if not starts:
            raise QuestionError(
                "shifts", f"say when {match[1]} begins: {match[1]}:{match[2]}@18:00"
            )
        shifts.append(AskedShift(match[1], int(match[2]), starts))
    return shifts


def read_point(text: str) -> tuple[float, float]:
    """Read `435100,336200` as x and y in metres.

    Raises
    ------
    QuestionError
        If it cannot be read.
    """
    match = re.fullmatch(r"\s*(-?\d{1,8}(?:\.\d+)?)\s*,\s*(-?\d{1,8}(?:\.\d+)?)\s*", text)
    if not match:
        raise QuestionError("base", f"{text!r} cannot be read, write it as 435100,336200 (metres)")
    return float(match[1]), float(match[2])
