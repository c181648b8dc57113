"""Finds texts that look personal: entries are about areas and kinds of payees, never about people.

It finds what is written in a common form, and no more: a name alone looks like any other word.
"""

from __future__ import annotations

import re
from typing import Final

_FORMS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("an e-mail address", re.compile(r"[\w.+-]+@[\w-]+\.\w+")),
    ("a telephone number", re.compile(r"(?<!\d)(\+44|0)(?:[ ()-]{0,2}\d){9,11}(?!\d)")),
    ("a person's name", re.compile(r"\b(?i:mr|mrs|ms|miss|mx|dr|cllr|pc|pcso)\.? +[A-Z]")),
    (
        "a national insurance number",
        re.compile(r"\b[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]\b", re.IGNORECASE),
    ),
    ("a date of birth", re.compile(r"\b(dob|date of birth|born on)\b", re.IGNORECASE)),
)
_COMPANY: Final = re.compile(r"\b(ltd|limited|plc|llp|cic|inc)\b\.?", re.IGNORECASE)


def personal_text(text: str) -> str:
    """What of a text looks personal, such as `an e-mail address`; '' if nothing."""
    return next((name for name, form in _FORMS if form.search(text)), "")


def names_payee(text: str) -> bool:
    """Whether a text names a company, where only the kind of payee belongs."""
    return _COMPANY.search(text) is not None
