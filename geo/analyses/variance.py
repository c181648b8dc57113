"""What an answer says of counts that vary from month to month beyond chance."""

from __future__ import annotations

from geo.hotspots.dispersion import FEWEST_MONTHS
from geo.question.answer import Answer


def tail_words(answer: Answer) -> str:
    """Which tail cells are judged by: the exact one, or one that allows for the variance.

    Parameters
    ----------
    answer
        Its baseline, test and dispersion say which.

    Returns
    -------
    `exact two-sided tail`, or `two-sided tail, wider than the exact one …`.
    """
    labels, gi = answer.baseline.baseline.labels, answer.question.test == "gi"
    if gi or labels or not answer.dispersion.value > 1:
        return "exact two-sided tail"
    return (
        "two-sided tail, wider than the exact one by how counts vary beyond chance (Cameron & "
        "Trivedi 1986; McCullagh & Nelder 1989),"
    )


def variance_caveats(answer: Answer) -> list[str]:
    """How months that vary are allowed for, where cells are judged by a tail."""
    months = answer.dispersion.months
    if months:
        # Labels are dealt at random among the incidents that came, however many a month has.
        allows = "does not allow" if answer.baseline.baseline.labels else "allows"
        measured = (
            f"Counts vary from month to month by {answer.dispersion.value:.2f} times chance, "
            f"measured on {months} months: the test {allows} for it."
        )
        return [measured]
    if answer.untimed:
        unknown = (
            f"With fewer than {FEWEST_MONTHS} months it is not known how much counts vary from "
            "month to month beyond chance: some hot or cold cells may be such variation."
        )
        return [unknown]
    return []


def variance_parameters(answer: Answer) -> dict[str, object]:
    """The variance over the mean and the months that it is measured on, as parameters."""
    months = answer.dispersion.months
    return {
        "variance_over_mean": answer.dispersion.value if months else None,
        "variance_months": months,
    }
