"""Forms that are refused come back with what was written in them, and with the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import HTTPException, Response

from api.errors import status_of
from api.retries import made_of_one_state
from api.snapshot import TasksChangedError
from geo.errors import ConflictError, PatchmapError, StoreError


@dataclass(frozen=True)
class Refusal:
    """Why what a form asks for was not done.

    Attributes
    ----------
    message
        What to read.
    status
        Of HTTP.
    is_conflict
        Whether somebody else changed it meanwhile.
    """

    message: str
    status: int
    is_conflict: bool = False


def submitted(save: Callable[[], Response], again: Callable[[Refusal], Response]) -> Response:
    """Do what a form asks for; where it is refused the form comes back.

    Parameters
    ----------
    save
        Reads the form, and saves last of all: it is run again where tasks were saved while it read
        them, so by then it must not have saved anything.
    again
        Makes the page with the form as it was written. Where it is of something that is not there,
        or not seen, it raises that once more.

    Returns
    -------
    The answer of either.

    Raises
    ------
    HTTPException
        With 409, if others saved tasks during every try.
    StoreError, NotFoundError
        If the store cannot be used; if there is nothing that the form is of.
    """

    def once() -> Response:
        try:
            return save()
        except StoreError:
            raise
        except ConflictError as conflict:
            refusal = Refusal(str(conflict), 409, is_conflict=True)
        except PatchmapError as error:
            refusal = Refusal(str(error), status_of(error))
        return again(refusal)

    try:
        return made_of_one_state(once)
    except TasksChangedError as error:
        raise HTTPException(
            409, "others are saving tasks at this moment, so nothing was saved; send the form again"
        ) from error
