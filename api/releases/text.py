"""What people read of a release: how it was rounded, how far its numbers are off, its state."""

from __future__ import annotations

from typing import Any, Final

from geo.disclosure.controlled_rounding import BASE
from geo.releases.checking import CheckResult
from geo.releases.model import Release
from geo.releases.written import digest

MEAN_ERROR: Final = 1.6
"""Mean absolute error of an unbiased rounding to 5 where the remainders 0 to 4 are alike:
0, 1.6, 2.4, 2.4 and 1.6. It tells nothing of the true counts."""


def rounding_text(release: Release) -> str:
    """Say how the numbers were rounded."""
    if not release.is_rounded:
        return (
            "The numbers are not rounded: the source has already published each incident at this "
            "level of detail."
        )
    text = (
        f"Every number is a multiple of {BASE}. It was rounded up or down at random, so that on "
        "average nothing is added or lost, and totals were kept true. Larger tables are sums of "
        "smaller ones, so they add up. "
    )
    text += (
        "The numbers agree with others that are published, so a 0 can stand for more than 4 "
        "incidents, and a 5 for none or for more than 9."
        if _others(release)
        else "A 0 can stand for 0 to 4 incidents, and a 5 for 1 to 9."
    )
    if release.linked:
        text += " Numbers that were published before stay as they were, but where data was revised."
    return text


def error_text(release: Release) -> str:
    """Say how far the numbers are from the true ones, as far as the public may know."""
    if not release.is_rounded:
        return "Rounding adds no error."
    if others := _others(release):
        # Errors of independent roundings add like the sides of a right angle.
        mean = MEAN_ERROR * (1 + others) ** 0.5
        return (
            f"Mean absolute error by area: about {mean:.1f} at most. The numbers agree with "
            "others that are published, so some are further from the true count than 4."
        )
    return (
        f"Mean absolute error by area: about {MEAN_ERROR}, and never {BASE} or more. The total of "
        f"all areas, and the totals of each month, are also off by less than {BASE}."
    )


def _others(release: Release) -> int:
    """How many tables its numbers agree with, of earlier releases and of its own layers."""
    return len(release.linked) + len(release.tables) - 1


def accuracy_lines(release: Release) -> list[str]:
    """Say how far the numbers are off, for those who make and approve; the public may not know."""
    return [
        f"{one.layer}: mean absolute error by area {one.by_area:.2f}, at most {one.most}; total of "
        f"all areas {one.total:+d}"
        for one in release.accuracy
    ]


def state_text(release: Release) -> str:
    """Say in what state a release is, and who did what."""
    made = f"made by {release.made_by} on {release.made_at[:10]}"
    if release.state == "draft":
        return f"draft, {made}"
    text = f"{made}, approved by {release.approved_by} on {release.approved_at[:10]}"
    if release.state == "approved":
        return f"published, {text}"
    return (
        f"withdrawn by {release.withdrawn_by} on {release.withdrawn_at[:10]} ({release.reason}), "
        f"{text}"
    )


def release_line(release: Release) -> str:
    """A release as a line of a list."""
    own = release.definition
    return (
        f"{own.release_id}: {own.title}; {', '.join(own.layers)}, {own.first} to {own.last}, "
        f"{state_text(release)}"
    )


def release_facts(release: Release) -> dict[str, Any]:
    """A release as plain values, without its numbers, for those who make and approve."""
    plain = ("state", "made_by", "made_at", "approved_by", "approved_at", "withdrawn_by")
    return {
        **release.definition.as_dict(),
        **{name: getattr(release, name) for name in (*plain, "withdrawn_at", "reason")},
        "digest": digest(release),
        "rounded": release.is_rounded,
        "linked": list(release.linked),
        "months_missing": list(release.months_missing),
        "accuracy": [
            {"layer": one.layer, "by_area": one.by_area, "total": one.total, "most": one.most}
            for one in release.accuracy
        ],
    }


def check_lines(release: Release, result: CheckResult) -> list[str]:
    """Say what a check found."""
    lines = [f"{one.severity}: {one.text}" for one in result.findings]
    if release.is_rounded:
        lines.append(
            f"checked {result.numbers:,} published numbers of {result.pieces:,} groups of incidents"
        )
    if result.passed:
        lines.append(f"{release.release_id}: no count under {BASE} can be recovered")
    else:
        lines.append(f"{release.release_id} cannot be approved")
    return lines


def check_facts(result: CheckResult) -> dict[str, Any]:
    """What a check found, as plain values."""
    return {
        "passed": result.passed,
        "numbers": result.numbers,
        "groups": result.pieces,
        "findings": [{"severity": one.severity, "text": one.text} for one in result.findings],
    }
