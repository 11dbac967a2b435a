"""One run of the command line: its options, its settings, and where its world comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pvesdn.cli import statuses
from pvesdn.cli.screens.screen import Screen

if TYPE_CHECKING:
    from pathlib import Path

    from pvesdn.ports import Observer
    from pvesdn.settings import Settings
    from pvesdn.workflows.world import World

WorldBuilder = Callable[["Settings", "Observer"], "World"]


@dataclass
class Session:
    """:param build_world: builds another world than the settings describe, such as a test's."""

    environ: Mapping[str, str]
    screen: Screen
    build_world: WorldBuilder | None = None
    config: Path | None = None
    verbosity: int = 0
    wants_json: bool = False
    secrets: tuple[str, ...] = ()
    reloads_changed: bool = False
    """Whether the settings that were read have a network reloaded in part; a plan says then what that is."""
    aftermath: Callable[[], str] = field(default=lambda: "Interrupted: nothing was changed.")
    """Says after Ctrl-C in which state things are."""
    failure: int = statuses.ERROR
    """The exit status of a verb that could not do its work."""

    _settings: Settings | None = None

    def settings(self) -> Settings:
        """The settings, read once; anything odd about their file is reported.

        :raises SettingsError: they cannot be used.
        """
        if self._settings is not None:
            return self._settings
        # Not at the top: `pvesdn --help` must be quick, and this imports pydantic.
        from pvesdn.settings import load_settings  # noqa: PLC0415

        loaded = load_settings(self.config, self.environ)
        self.secrets = loaded.settings.secrets
        self.reloads_changed = loaded.settings.apply.reload == "changed"
        for warning in loaded.warnings:
            self.screen.warning(warning)
        self._settings = loaded.settings
        return loaded.settings

    def world(self, settings: Settings, observer: Observer) -> World:
        """The world of the settings.

        :raises SettingsError: they name a file that cannot be read.
        """
        if self.build_world is not None:
            return self.build_world(settings, observer)
        # Not at the top: working on a snapshot needs neither requests nor proxmoxer.
        from pvesdn.wiring import build_world  # noqa: PLC0415

        return build_world(settings, observer)

    def document(self, kind: str, content: Mapping[str, Any], *, is_line: bool = False) -> None:
        """Print the JSON document of a verb; see docs/json.md.

        :param is_line: as one line, since more will follow.
        """
        import json  # noqa: PLC0415 - only here

        text = json.dumps({"format_version": 1, "kind": kind, **content}, indent=None if is_line else 2)
        print(text, flush=is_line)  # noqa: T201 - the answer itself
