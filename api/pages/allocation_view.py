"""What the address of the allocation page says: its tab, its Question, and what stands beside it.

A form can only send simple fields. What they say together (who is pinned where, what the need is
a mix of, which shifts there are) is folded into the options of the Question, so that the address
of the page is always its Question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from geo.errors import QuestionError
from geo.question.ask import Question
from geo.question.model import OPTION, OPTIONS

TABS: Final = {"posts": "Posts", "patches": "Patches", "patrols": "Patrols"}
SHIFTS: Final = {"early": "07:00", "late": "14:00", "night": "22:00"}
"""Shifts that the form offers, and when they begin."""

_LISTS = ("category", "source", "within", "exclude")
_OWN = ("tab", "plan", "beside")
_FIELD = re.compile(r"(need|low|officers|starts)\.(.{1,64})")


@dataclass(frozen=True)
class AllocationView:
    """One look at the page.

    Attributes
    ----------
    tab
        One of `TABS`.
    plan
        Which of the short list of patch plans is shown; 1 is the best balanced.
    beside
        The address of another answer that is shown beside this one, without what stands before
        its question mark; '' for none.
    """

    question: Question
    tab: str = "posts"
    plan: int = 1
    beside: str = ""

    @classmethod
    def read(cls, options: Mapping[str, str]) -> AllocationView:
        """Read what an address says.

        Raises
        ------
        QuestionError
            If there is no such option, tab or plan.
        """
        rest = dict(options)
        tab, plan, beside = (rest.pop(name, "") for name in _OWN)
        if tab not in ("", *TABS):
            raise QuestionError("tab", f"{tab!r} is none of: {', '.join(TABS)}")
        if not re.fullmatch(r"[1-9]\d{0,3}|", plan):
            raise QuestionError("plan", f"{plan!r} is no number of a plan")
        return cls(Question.read(rest), tab or "posts", int(plan or 1), beside)

    @classmethod
    def read_what_can_be(cls, options: Mapping[str, str]) -> AllocationView:
        """What can be kept of an address that is refused, so that the form remembers it."""
        left = dict(options)
        while True:
            try:
                return cls.read(left)
            except QuestionError as error:
                at_fault = left.pop(error.option, None)
                if at_fault is None:
                    return cls(Question())

    @property
    def other(self) -> AllocationView | None:
        """What stands beside it."""
        if not self.beside:
            return None
        return AllocationView.read({**dict(parse_qsl(self.beside)), "beside": ""})

    def options(self, **others: str) -> dict[str, str]:
        """What its address says, with other values for some of it."""
        own = {"tab": self.tab, "plan": str(self.plan) if self.plan > 1 else ""}
        told = own | self.question.options() | {"beside": self.beside} | others
        return {name: text for name, text in told.items() if text}

    def address(self, path: str = "/allocation", **others: str) -> str:
        """Its address, with other values for some of it."""
        return f"{path}?{urlencode(self.options(**others), safe='/:,.')}"

    def kept_beside(self) -> str:
        """The address of this answer with itself beside it, to change one of the two."""
        return self.address(beside=urlencode(self.options(beside=""), safe="/:,."))

    def without(self, option: str, value: str) -> str:
        """Its address with one of the values of a list left out."""
        text = self.question.options().get(option, "")
        parts = [part for part in text.split(",") if part.strip() != value]
        return self.address(**{option: ",".join(parts)}, plan="")

    def with_one_more(self, option: str, value: str) -> str:
        """Its address with one more value in a list."""
        text = self.question.options().get(option, "")
        return self.address(**{option: ",".join(filter(None, [text, value]))}, plan="")


def started(options: Mapping[str, str], *, areas: int) -> dict[str, str]:
    """An address of a tab alone, with numbers to begin with: a page opens with an answer."""
    tab = options.get("tab", "posts")
    own = {option.name for option in OPTIONS if tab in option.analyses}
    shared = {"need", "low", "exclude"} if tab != "patrols" else {"radius", "spacing", "top"}
    if (own - shared) & set(options):
        return dict(options)
    first = {"posts": {"posts": str(2 * areas)}, "patches": {"size": "2-3"}}.get(tab, {})
    return {**options, **first}


def folded(fields: list[tuple[str, str]]) -> dict[str, str]:
    """What the form sends, as options: its simple fields put together.

    Raises
    ------
    QuestionError
        If a field is unknown, or half of a pair is missing.
    """
    found: dict[str, str] = {}
    grouped: dict[str, dict[str, str]] = {"need": {}, "low": {}, "officers": {}, "starts": {}}
    for name, text in ((name, text.strip()) for name, text in fields):
        if match := _FIELD.fullmatch(name):
            grouped[match[1]][match[2]] = text
        elif name in _LISTS and found.get(name) and text:
            found[name] = f"{found[name]},{text}"
        else:
            found[name] = text
    _fold_pair(found, "pinned", ("pin_name", "pin_area"))
    _fold_pair(found, "bridges", ("bridge_name", "bridge_from", "bridge_to"))
    if grouped["need"]:
        found["need"], found["low"] = _mix(grouped["need"], grouped["low"])
    if grouped["officers"]:
        found["shifts"] = _shifts(grouped["officers"], grouped["starts"])
    known = {*OPTION, *_OWN, "from", "to"}
    for name in found:
        if name not in known:
            raise QuestionError(
                name, f"is no parameter here; there are: {', '.join(sorted(known))}"
            )
    return {name: text for name, text in found.items() if text}


def _fold_pair(found: dict[str, str], option: str, fields: tuple[str, ...]) -> None:
    """One more name with its area or areas, at the end of a list of such pairs."""
    name, *areas = (found.pop(field, "") for field in fields)
    if not any([name, *areas]):
        return
    if not all([name, *areas]):
        raise QuestionError(option, "give a name, and choose what it stands for")
    pair = f"{re.sub('[,=+]', ' ', name)}={'+'.join(areas)}"
    found[option] = ",".join(filter(None, [found.get(option, ""), pair]))


def _mix(weights: Mapping[str, str], low: Mapping[str, str]) -> tuple[str, str]:
    """The need as a mix, and the columns of it of which a low number is worse."""
    counted = {name: text for name, text in weights.items() if text not in ("", "0")}
    if not counted:
        return "", ""
    alone = len(counted) == 1
    parts = [name if alone or text == "1" else f"{name}:{text}" for name, text in counted.items()]
    mix = ",".join(parts)
    return "" if mix == "incidents" else mix, ",".join(sorted(set(low) & set(counted)))


def _shifts(officers: Mapping[str, str], starts: Mapping[str, str]) -> str:
    """The shifts with someone on duty."""
    parts = []
    for name, text in officers.items():
        if text not in ("", "0"):
            start = starts.get(name, "")
            parts.append(f"{name}:{text}" + (f"@{start}" if start else ""))
    return ",".join(parts)
