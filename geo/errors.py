"""The refusals of Patchmap: each message is one line that a user can act on."""


class PatchmapError(Exception):
    """A refusal with a line for the user; every door shows it without a traceback."""


class InputError(PatchmapError):
    """A file or a value from the user that cannot be taken as it is."""


class QuestionError(PatchmapError):
    """A Question that cannot be answered; `option` names the option at fault."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(f"{option}: {message}")
        self.option = option
        self._message = message

    def __reduce__(self) -> tuple[type["QuestionError"], tuple[str, str]]:
        """How it travels between processes."""
        return type(self), (self.option, self._message)


class NotFoundError(PatchmapError):
    """Something asked for by name that the store does not hold."""


class ConflictError(PatchmapError):
    """A change that the store's present content forbids."""


class StoreError(PatchmapError):
    """The store cannot be read or written now."""


class SolverError(PatchmapError):
    """A solver failed, or its answer does not keep the rules it was given."""


class DiskFullError(PatchmapError):
    """There is no room left on the disk that something is to be written to."""
