"""Finds texts and columns that look personal: Patchmap is about places, never about people.

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


_COLUMNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (
        "names of people",
        re.compile(
            r"\b(first|last|middle|full|fore|sur|given|family|maiden|owner) ?names?\b|^names?$"
            r"|\binitials\b|\b(customer|client|resident|tenant|occupier|complainant|applicant|caller|contact|victim"
            r"|suspect|offender|perpetrator|witness|reporter|enquirer|person|householder"
            r"|keeper|driver|officer|councillor|member|user|handler|raised by|reported by"
            r"|assigned to)( s)? ?(names?|title)?$"
        ),
    ),
    ("telephone numbers", re.compile(r"\b(tele?phones?|phones?|tel|mobiles?|fax|landline)\b")),
    ("e-mail addresses", re.compile(r"\be ?mails?\b")),
    ("dates of birth", re.compile(r"\b(d ?o ?b|births?|birth ?dates?|date ?of ?birth)\b|^age$")),
    (
        "numbers of people",
        re.compile(r"\b(nino|ni (no|number)|national insurance|nhs|passport|driving licence)\b"),
    ),
)
_WRITTEN: Final = ("an e-mail address", "a telephone number", "a national insurance number")


def personal_column(name: str) -> str:
    """What a column holds by its name, such as `telephone numbers`; '' if nothing personal.

    Parameters
    ----------
    name
        As a file spells it: `Customer Name`, `DOB` and `contactEmail` are found.
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|[_\W]+", " ", name).casefold().strip()
    return next((what for what, form in _COLUMNS if form.search(words)), "")


def contact_text(text: str) -> str:
    """What of a text would lead to a person: an e-mail address or a number; '' if nothing.

    Unlike `personal_text` it takes no names: `Dr Smith Way` is a street.
    """
    return next((name for name, form in _FORMS if name in _WRITTEN and form.search(text)), "")


def names_payee(text: str) -> bool:
    """Whether a text names a company, where only the kind of payee belongs."""
    return _COMPANY.search(text) is not None
