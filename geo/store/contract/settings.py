"""Settings of a store: JSON values by key."""

from __future__ import annotations

from typing import Protocol

Setting = str | int | float | bool | None | list["Setting"] | dict[str, "Setting"]


class SettingReader(Protocol):
    """Reads settings."""

    def setting(self, key: str) -> Setting:
        """A setting's value; None where it was never set."""
        ...


class SettingStore(SettingReader, Protocol):
    """Reads and writes settings."""

    def settings(self) -> dict[str, Setting]:
        """Every setting, by key in the order of Unicode."""
        ...

    def put_setting(self, key: str, value: Setting) -> None:
        """Set a setting, whether it is new or not.

        Parameters
        ----------
        key
            Any text, such as `default_layer`.
        value
            Whatever JSON can hold.
        """
        ...
