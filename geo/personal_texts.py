"""Finds texts and columns that look personal: Patchmap is about places, never about people.

It finds what is written in a common form, and no more: a first name or a surname alone looks like
any other word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Final

from geo.given_names import GIVEN_NAMES

_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
# These have as many digits as telephones, and go before telephones are looked for.
_OTHER_NUMBERS: Final = re.compile(
    rf"""
    # Months, days and times: 2024-01, 2024-01-05, 5/1/2024, 05 01 2024, 0730-1900.
    (?<!\d)(?:19|20)\d\d[-/.](?:0[1-9]|1[0-2])(?:[-/.](?:0[1-9]|[12]\d|3[01]))?(?!\d)
    | (?<!\d){_DAY}[-/.]{_MONTH}[-/.](?:(?:19|20)\d\d|\d\d)(?![-\d])
    | (?<!\d){_DAY}\ {_MONTH}\ (?:19|20)\d\d(?!\d)
    # 0121-2345 678 is Birmingham.
    | (?<!\d)(?!0(?:1(?:1\d|[2-9]1)|20)\d*-\d{{4}}\ \d{{3}}(?!\d))
      [0-2]\d[0-5]\d-[0-2]\d[0-5]\d(?!\d)
    # Grid references: SK 03512 03610, E 043512 N 033610.
    | \b[HJNOST][A-HJ-Z]\ ?(?:\d{{5}}\ ?\d{{5}}|\d{{4}}\ ?\d{{4}}|\d{{3}}\ ?\d{{3}})(?!\d)
    | \b(?i:[enxy]|easting|northing)[:=\ ]{{1,2}}\d{{5,7}}(?!\d)
    # Numbers of things, in one piece; those of mobiles, and eleven digits with the code of a town,
    # are telephones wherever they stand.
    | \b(?i:ref(?:erence)?|order|invoice|uprn|usrn|log|permit|asset|contract)\b\.?
      (?:\ ?(?i:no|number|id)\b\.?)?:?\ ?\#?
      (?!07|0(?:1[1-9]|[2358]\d)\d{{8}}(?!\d))\d+(?![\ -]?\d)
    """,
    re.VERBOSE,
)
_TRUNK: Final = re.compile(
    r"(?<![\w£./#])(?i:tel(?:ephone)?|mob(?:ile)?|ph(?:one)?|call|ring|text)?"
    r"(?:(?:\+|00)44[ .-]?(?:\(0\)[ .-]?)?|\(?0(?: (?=[17]\d{3}\b))?)(?=[1235789])"
)
_GROUPS: Final = re.compile(r"\d+(?:[ ().-]{1,2}\d+){0,3}")
"""A telephone's number is written in at most four groups; numbers of two digits in a row are a list
of something."""
_LENGTHS: Final = frozenset({9, 10})
"""Digits of a number of the United Kingdom after the 0."""

_NAME: Final = r"[A-Z][\w'’-]*"
_TITLED: Final = re.compile(
    rf"\b(?P<title>(?i:mr|mrs|ms|miss|mx|dr|cllr|pc|pcso))\.? +(?P<names>{_NAME}(?: +{_NAME})*)"
)
# No surnames: of "Mrs Green" and "Dr Hill" nobody can tell.
_STREETS: Final = re.compile(
    rf"(?:{_NAME} +){{1,3}}(?:Way|Road|Rd|Street|Avenue|Ave|Drive|Close(?! (?:to|by)\b)|Crescent"
    r"|Gardens|Terrace|Walk|Mews|Square|Bridge|Estate|Hospital|School|Academy|Library|Memorial|Playground)\b"
)
_OTHER_MEANINGS: Final[dict[str, re.Pattern[str]]] = {
    "pc": re.compile(r"(?:World|Labs?|Monitors?|Repairs?|Suite|Room|Screens?)\b"),
    "ms": re.compile(
        r"(?:Teams|Word|Excel|Office|Windows|Outlook|Access|SharePoint|Society)\b(?! +[A-Z])"
    ),
    "miss": re.compile(
        r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|Ward|May +(?:Day|Fair)|(?:January|February"
        r"|March|April|May|June|July|August|September|October|November|December)(?! +[A-Z]))\b"
    ),
}
"""What a title means before these words, unless a surname follows them: Miss April Jones."""
_DRIVE: Final = re.compile(rf"\b(?:in|on|at|of|near|from|to|along|off|by)(?: the)?(?: {_NAME})+ $")
"""Before `Dr`: "on Maple Dr" is a drive."""

_CAPITALISED: Final = re.compile(rf"{_NAME}(?: +{_NAME})+")
_OTHER_WORDS: Final = """
and or the of in at on to from for with by about is was has had will can asked said
monday tuesday wednesday thursday friday saturday sunday
"""
_NO_SURNAMES: Final = frozenset(_OTHER_WORDS.split())
"""What may follow a given name in a text with capitals throughout."""
_PLACES: Final = """
abbey academy allotments arcade arms ave avenue avenues bank block bridge building
buildings cathedral cemetery centre chapel church clinic close club college common
community corner cottage cottages court crescent croft ct dale dene dock docks drive
embankment estate farm flats fold foundation gallery garden gardens garth gate ground
grove hall heath hospice hospital hotel house inn lane library lido lodge market meadow
meadows memorial mews mill monument mosque museum parade park path pavilion place
playground playing plaza pool precinct primary priory promenade pub quay rd recreation
rise road roads roundabout row school secondary shopping square st stadium station
statue street streets subway surgery tavern temple terrace theatre tower towers trail
trust underpass university vale view walk ward way wharf works yard
"""
_PLACE_WORDS: Final = frozenset(_PLACES.split())
"""What makes a place of words with a given name among them."""
_SURNAMES_TOO: Final = frozenset({"hill", "green", "wood", "woods"})
_AT_PLACE: Final = re.compile(
    r"\b(?:in|at|on|near|around|behind|outside|opposite|off) (?:the )?$", re.IGNORECASE
)
"""Before `Margaret Green`: it is a place there, and a person elsewhere."""
_NAMED_AFTER: Final = re.compile(r"\b(?:St|Saint|King|Queen|Prince|Princess|[Tt]he)\.? +$")
"""Before `John Ambulance`, or `George Playing Fields`."""
_FIRMS: Final = frozenset(
    {"john lewis", "david lloyd", "sue ryder", "thomas cook", "laura ashley", "marie curie"}
    | {"william hill", "robin hood", "ann summers", "robert dyas", "harry ramsden's"}
)

_PERSON: Final = "a person's name"


def _has_telephone(text: str) -> bool:
    rest = _OTHER_NUMBERS.sub(" – ", text)
    for trunk in _TRUNK.finditer(rest):
        groups = _GROUPS.match(rest, trunk.end())
        digits = [len(group) for group in re.findall(r"\d+", groups[0])] if groups else []
        if not _LENGTHS.isdisjoint(accumulate(digits)):
            return True
    return False


def _has_titled_name(text: str) -> bool:
    return any(map(_names_person, _TITLED.finditer(text)))


def _names_person(match: re.Match[str]) -> bool:
    """Whether a title is one, and what follows no street or building that is named after people."""
    title = match["title"].casefold()
    if title == "dr" and _DRIVE.search(match.string[: match.start()]):
        return False
    if title in _OTHER_MEANINGS and _OTHER_MEANINGS[title].match(match["names"]):
        return False
    return not _STREETS.match(match.string, match.start("names"))


def _has_full_name(text: str) -> bool:
    return any(map(_holds_full_name, _CAPITALISED.finditer(text)))


def _holds_full_name(match: re.Match[str]) -> bool:
    """Whether a given name is among capitalised words, and a surname after it."""
    words = [*re.finditer(_NAME, match[0])]
    for number, given in enumerate(words[:-1], start=1):
        before = match.string[: match.start() + given.start()]
        after = [word[0].casefold() for word in words[number:]]
        if given[0].casefold() in GIVEN_NAMES and _are_surnames(after, given[0], before):
            return True
    return False


def _are_surnames(words: Sequence[str], given: str, before: str) -> bool:
    """Whether words after a given name are a surname; neither a street's rest nor a firm's."""
    names = [word for word in words if len(word) > 1]
    if not names or names[0] in _NO_SURNAMES or not _PLACE_WORDS.isdisjoint(names):
        return False
    if f"{given.casefold()} {names[0]}" in _FIRMS or _NAMED_AFTER.search(before):
        return False
    return _SURNAMES_TOO.isdisjoint(names) or not _AT_PLACE.search(before)


def _finder(form: str, flags: re.RegexFlag = re.NOFLAG) -> Callable[[str], bool]:
    pattern = re.compile(form, flags)
    return lambda text: pattern.search(text) is not None


_FORMS: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("an e-mail address", _finder(r"[\w.+-]+@[\w-]+\.\w+")),
    ("a telephone number", _has_telephone),
    (_PERSON, _has_titled_name),
    (
        "a national insurance number",
        # In small letters only without spaces: "on 12 05 24 a" is a day.
        _finder(r"\b(?:[A-Z]{2} ?\d\d ?\d\d ?\d\d ?[A-D]|[a-z]{2}\d{6}[a-d])\b"),
    ),
    ("a date of birth", _finder(r"\b(dob|date of birth|born on)\b", re.IGNORECASE)),
)
_COMPANY: Final = re.compile(r"\b(ltd|limited|plc|llp|cic|inc)\b\.?", re.IGNORECASE)


def personal_text(text: str) -> str:
    """What of a text looks personal, such as `an e-mail address`; '' if nothing."""
    return next((name for name, holds in _FORMS if holds(text)), "")


def written_personal_text(text: str) -> str:
    """What looks personal in a text whose writer can say that it is not; '' if nothing.

    Parameters
    ----------
    text
        As somebody wrote it. Unlike `personal_text` it also finds a common given name before a
        surname: now and then that is a place or a firm, of which rows of a file cannot tell.
    """
    return personal_text(text) or (_PERSON if _has_full_name(text) else "")


_HOME_STREETS: Final = (
    "street|st|road|rd|avenue|ave|lane|ln|drive|close|court|ct|crescent|cres|way|place|terrace"
    "|gardens|grove|walk|row|mews|square|hill|rise|green|park|view|house"
)
# A number before a street is somebody's door; "Elm Street" alone is a place.
_ADDRESS: Final = re.compile(
    rf"\b\d+[a-zA-Z]?,? +(?:[A-Z][\w'’-]*\s+){{1,3}}(?i:{_HOME_STREETS})\b",
)
_FLAT: Final = re.compile(r"\b(?:flat|apartment|apt|room)\.? ?\d+[a-z]?\b", re.IGNORECASE)


def personal_part(text: str) -> str:
    """What of a text would lead to a person, such as `a telephone number`; '' if nothing."""
    if form := written_personal_text(text):
        return form
    return "an address of a home" if _ADDRESS.search(text) or _FLAT.search(text) else ""


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

    Unlike `personal_text` it takes no names: a building or a street may be named after somebody.
    """
    return next((name for name, holds in _FORMS if name in _WRITTEN and holds(text)), "")


def names_payee(text: str) -> bool:
    """Whether a text names a company, where only the kind of payee belongs."""
    return _COMPANY.search(text) is not None
