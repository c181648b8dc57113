"""The errors that Patchmap shows to users: each message is one line that says what to do."""

import copy
from typing import TypeVar

Fault = TypeVar("Fault", bound=Exception)


class PatchmapError(Exception):
    """An error with one line for the user, shown without a traceback."""


def raised_anew(error: Fault) -> Fault:
    """The same error once more, for another thread: to raise one object twice mixes the traces.

    Parameters
    ----------
    error
        Any error that can be pickled.

    Returns
    -------
    error
        A copy, with the given one as its cause.
    """
    again = copy.copy(error)
    again.__cause__ = error
    return again


class InputError(PatchmapError):
    """A file or a value from the user that is not valid."""


class QuestionError(PatchmapError):
    """A Question that cannot be answered; `option` names the option at fault."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(f"{option}: {message}")
        self.option = option
        self._message = message

    @property
    def reason(self) -> str:
        """The message without the name of the option, to stand inside a sentence."""
        return self._message

    def under(self, option: str) -> "QuestionError":
        """The same refusal of another option, under which its value was given."""
        return QuestionError(option, self._message)

    def __reduce__(self) -> tuple[type["QuestionError"], tuple[str, str]]:
        """Pickle by both arguments; the default passes the message alone."""
        return type(self), (self.option, self._message)


class NotFoundError(PatchmapError):
    """A name that does not exist in the store."""


class ConflictError(PatchmapError):
    """A change that conflicts with the present content of the store."""


class StoreError(PatchmapError):
    """The store cannot be read or written now."""


class SolverError(PatchmapError):
    """A solver failed, or its answer breaks a constraint."""


class UnavailableError(PatchmapError):
    """A part of the service cannot run now."""


class DiskFullError(StoreError):
    """The disk to write to is full."""
