"""The state of the allocation page, as its address and its form record it.

A form only sends simple fields. Those that belong together (who is pinned where, the mix of the
need, the shifts) are combined into options of the Question, so that the address of the page is
always its Question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from api.addresses import own_address
from api.defaults import NO_DEFAULTS, PAGE_DEFAULTS
from api.query import QUESTION_PARAMETERS
from geo.errors import QuestionError
from geo.question.ask import Question
from geo.question.kinds import one_of
from geo.question.model import OPTIONS

TABS: Final = {"posts": "Posts", "patches": "Patches", "patrols": "Patrols"}
SHIFTS: Final = {"early": "07:00", "late": "14:00", "night": "22:00"}
"""The shifts of the form, and when they begin."""

_LISTS = frozenset(option.name for option in OPTIONS if option.many)
_OWN = ("tab", "plan", "beside")
_FIELD = re.compile(r"(need|low|officers|starts)\.(.{1,64})")


@dataclass(frozen=True)
class AllocationView:
    """A Question and how the page presents it.

    Attributes
    ----------
    tab
        One of `TABS`.
    plan
        The number of the plan of patches that is shown; 1 is the best balanced.
    beside
        The query string of another allocation to compare with; '' for none.
    """

    question: Question
    tab: str = "posts"
    plan: int = 1
    beside: str = ""

    @classmethod
    def read(cls, options: Mapping[str, str]) -> AllocationView:
        """Read the parameters of an address.

        Raises
        ------
        QuestionError
            If there is no such option, tab or plan.
        """
        rest = dict(options)
        tab, plan, beside = (rest.pop(name, "") for name in _OWN)
        if tab not in ("", *TABS):
            raise QuestionError("tab", f"unknown value {tab!r}; choose {one_of(TABS)}")
        if not re.fullmatch(r"[1-9]\d{0,3}|", plan):
            raise QuestionError("plan", f"{plan!r} is not a plan; use a whole number from 1")
        return cls(Question.read(rest), tab or "posts", int(plan or 1), beside)

    @classmethod
    def read_valid(cls, options: Mapping[str, str]) -> AllocationView:
        """Read what is valid in a refused address, so that the form keeps it."""
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
        """The allocation to compare with."""
        if not self.beside:
            return None
        return AllocationView.read({**dict(parse_qsl(self.beside)), "beside": ""})

    def options(self, **others: str) -> dict[str, str]:
        """The parameters of its address; `others` replace some of them."""
        own = {"tab": self.tab, "plan": str(self.plan) if self.plan > 1 else ""}
        options = own | self.question.options() | {"beside": self.beside} | others
        return {name: text for name, text in options.items() if text}

    def address(self, path: str = "/allocation", **others: str) -> str:
        """Its address; `others` replace some of its parameters."""
        return f"{own_address(path)}?{urlencode(self.options(**others), safe='/:,.')}"

    def compared_with_itself(self) -> str:
        """The address that compares this allocation with itself, to change one of the two."""
        return self.address(beside=urlencode(self.options(beside=""), safe="/:,."))

    def without(self, option: str, value: str) -> str:
        """Its address without one of the values of a list."""
        text = self.question.options().get(option, "")
        parts = [part for part in text.split(",") if part.strip() != value]
        return self.address(**{option: ",".join(parts)}, plan="")

    def with_one_more(self, option: str, value: str) -> str:
        """Its address with one more value in a list."""
        text = self.question.options().get(option, "")
        return self.address(**{option: ",".join(filter(None, [text, value]))}, plan="")


def started(options: Mapping[str, str], *, areas: int) -> dict[str, str]:
    """The options of an address, with default numbers if it has none: a page opens with a plan."""
    return PAGE_DEFAULTS.get(options.get("tab", "posts"), NO_DEFAULTS).fill(options, areas=areas)


def folded(fields: list[tuple[str, str]]) -> dict[str, str]:
    """The fields of the form as options.

    Raises
    ------
    QuestionError
        If a field is unknown, or half of a pair is missing.
    """
    options: dict[str, str] = {}
    grouped: dict[str, dict[str, str]] = {"need": {}, "low": {}, "officers": {}, "starts": {}}
    for name, text in ((name, text.strip()) for name, text in fields):
        if match := _FIELD.fullmatch(name):
            grouped[match[1]][match[2]] = text
        elif name in _LISTS and options.get(name) and text:
            options[name] = f"{options[name]},{text}"
        else:
            options[name] = text
    _fold_pair(options, "pinned", ("pin_name", "pin_area"))
    _fold_pair(options, "bridges", ("bridge_name", "bridge_from", "bridge_to"))
    if grouped["need"]:
        options["need"], options["low"] = _mix(grouped["need"], grouped["low"])
    if grouped["officers"]:
        options["shifts"] = _shifts(grouped["officers"], grouped["starts"])
    known = {*QUESTION_PARAMETERS, *_OWN}
    for name in options:
        if name not in known:
            raise QuestionError(name, f"unknown parameter; choose from: {', '.join(sorted(known))}")
    return {name: text for name, text in options.items() if text}


def _fold_pair(options: dict[str, str], option: str, fields: tuple[str, ...]) -> None:
    """Append a name with its area or areas to a list of such pairs."""
    name, *areas = (options.pop(field, "") for field in fields)
    if not any([name, *areas]):
        return
    if not all([name, *areas]):
        raise QuestionError(option, "enter a name and choose an area for each field")
    pair = f"{re.sub('[,=+]', ' ', name)}={'+'.join(areas)}"
    options[option] = ",".join(filter(None, [options.get(option, ""), pair]))


def _mix(weights: Mapping[str, str], low: Mapping[str, str]) -> tuple[str, str]:
    """The need as a mix, and those of its columns where a low value means more need."""
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
