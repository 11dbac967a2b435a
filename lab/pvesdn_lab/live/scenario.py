"""Scenarios: folders with definitions, a topology and steps, each step something to do or something to prove."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvesdn.errors import SettingsError

FOLDER = Path(__file__).parent.parent / "scenarios"
_COMMON_TOPOLOGY = FOLDER / "topology.toml"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a scenario.

    :param verb: a function of the modules in `pvesdn_lab.live.verbs`.
    :param proves: what it shows, one sentence; empty for what only sets the scene.
    """

    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    proves: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """:param title: the model that it shows, in one line.
    :param devices: kinds of network device that the kernel must have.
    :param nat: its nodes translate addresses by iptables.
    :param apart: it runs only where somebody names it.
    :param topology: the file; scenarios with the same one share a lab.
    """

    name: str
    folder: Path
    title: str
    steps: tuple[Step, ...]
    devices: frozenset[str] = frozenset()
    nat: bool = False
    apart: bool = False
    order: int = 50
    topology: Path = _COMMON_TOPOLOGY


def all_scenarios() -> list[Scenario]:
    """Those that come with pvesdn, in the order in which they run."""
    found = [read_scenario(file.parent) for file in FOLDER.glob("*/scenario.toml")]
    return sorted(found, key=lambda scenario: (scenario.order, scenario.name))


def choose(names: Sequence[str]) -> list[Scenario]:
    """The named ones; when none is named, all but those that run apart. A path to a folder is a name too.

    :raises SettingsError: there is no such scenario.
    """
    known = {scenario.name: scenario for scenario in all_scenarios()}
    if not names:
        return [scenario for scenario in known.values() if not scenario.apart]
    chosen = []
    for name in names:
        if name in known:
            chosen.append(known[name])
        elif (Path(name) / "scenario.toml").is_file():
            chosen.append(read_scenario(Path(name)))
        else:
            raise SettingsError(
                f"there is no scenario '{name}'", hint=f"there are {', '.join(known)}, or name a folder"
            )
    return chosen


def read_scenario(folder: Path) -> Scenario:
    """Read ``scenario.toml``: `title`, `order`, and ``[[step]]`` tables with `do`, `proves` and arguments.

    `devices` and `nat` say what the kernel must have, `apart` that it runs only where somebody names it. `topology`
    and `steps` name files, as seen from the folder, that several scenarios have in common; the latter has the steps.

    :raises SettingsError: it cannot be used.
    """
    file = folder / "scenario.toml"
    try:
        document = tomllib.loads(file.read_text("utf-8"))
        shared = document.pop("steps", "")
        rows = (tomllib.loads((folder / shared).read_text("utf-8")) if shared else document).pop("step")
        own = (folder / document.pop("topology", "topology.toml")).resolve()
        return Scenario(
            name=folder.resolve().name,
            folder=folder.resolve(),
            title=document.pop("title"),
            steps=tuple(Step(row.pop("do"), proves=row.pop("proves", ""), arguments=row) for row in rows),
            devices=frozenset(document.pop("devices", ())),
            nat=document.pop("nat", False),
            apart=document.pop("apart", False),
            order=document.pop("order", 50),
            topology=own if own.is_file() else _COMMON_TOPOLOGY,
        )
    except (OSError, KeyError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file}: {error}", hint="docs/lab.md describes scenarios") from None
