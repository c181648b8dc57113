"""What an option of a Question is: its name, its help, the kind of its values, its default."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from geo.errors import InputError, QuestionError
from geo.question.kinds import Kind

T = TypeVar("T")
D = TypeVar("D")

OPTIONS_KEY: Final = "options"
"""The key in a field's metadata under which the options stand that give its value."""


@dataclass(frozen=True)
class Option:
    """One option of a Question, as the command line, pages and collections offer it.

    Attributes
    ----------
    name, help, example
        For people.
    kind
        How its value is read, checked and written.
    analyses
        The commands of the analyses that it is for; none means all.
    after
        The option that it follows in addresses, where its field stands elsewhere.
    default
        Its value where nothing is said; None where the data or the analysis decides.
    record, attribute
        Where the Question holds its value: an attribute of one of its records, or its own.
    """

    name: str
    help: str
    example: str
    kind: Kind[object]
    analyses: Sequence[str] = ()
    after: str = ""
    default: object = None
    record: str = ""
    attribute: str = ""

    @property
    def schema(self) -> dict[str, object]:
        """As OpenAPI describes it, with its default where that is a number."""
        default = {"default": self.default} if isinstance(self.default, int) else {}
        return {**self.kind.schema, **default}

    @property
    def many(self) -> bool:
        """Whether its text is a list, of which a form may send the parts one by one."""
        return self.kind.many

    def serves(self, analysis: str) -> bool:
        """Whether an analysis takes it, by the analysis's command."""
        return not self.analyses or analysis in self.analyses

    def read(self, text: str) -> object:
        """Its value from a text.

        Raises
        ------
        QuestionError
            If it cannot be read.
        """
        try:
            return self.kind.parse(text)
        except InputError as error:
            raise QuestionError(self.name, str(error)) from error

    def check(self, value: object) -> object:
        """A value given in Python in its canonical form.

        Raises
        ------
        QuestionError
            If it is not of the option's kind.
        """
        try:
            return self.kind.check(value)
        except InputError as error:
            raise QuestionError(self.name, str(error)) from error


def option(
    kind: Kind[T],
    default: D,
    *,
    says: str,
    example: str = "",
    name: str = "",
    analyses: Sequence[str] = (),
    after: str = "",
) -> T | D:
    """Declare a field of a Question, or of one of its records, as an option.

    Parameters
    ----------
    kind
        How its value is read, checked and written.
    default
        The value where nothing is said; None where the data or the analysis decides.
    says
        The help.
    example
        A text that can be read; else that of the default.
    name
        The option, where it is not called as the field.
    analyses, after
        As for `Option`.

    Returns
    -------
    The field of a dataclass.
    """
    made: T | D = either(
        default,
        Option(name, says, example or kind.write(default), kind, analyses, after),
    )
    return made


def either(default: D, *options: Option) -> D:
    """Declare a field whose value any one of some options gives."""
    return field(default=default, metadata={OPTIONS_KEY: options})
