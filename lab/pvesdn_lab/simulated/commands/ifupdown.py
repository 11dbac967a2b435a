"""ifupdown2 on a simulated node: reads /etc/network/interfaces and what it sources, and makes the links match.

What it says, how it ends and what it leaves behind is what Debian's 3.0.0 was seen to do (docs/pve.md §13.2).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pvesdn_lab.simulated.commands.ifupdown_memory import remember
from pvesdn_lab.simulated.commands.interfaces_files import Interfaces, in_order, made_of, torn_ports, words
from pvesdn_lab.simulated.commands.link_setup import DEFAULT_MTU, Refusal, Shortfall, configure, forget_vlans, kind_of
from pvesdn_lab.simulated.commands.netfilter import remember_hooks, run_hooks, run_remembered
from pvesdn_lab.simulated.commands.state import PHYSICAL, State, locked_state
from pvesdn_lab.simulated.commands.streams import complain
from pvesdn_lab.simulated.commands.traffic import run_tc

ALREADY_RUNNING = 89
"""Exit status of a second one; it never waits."""


def ifreload(root: Path, arguments: Sequence[str]) -> int:
    """``ifreload -a``: what has no stanza any more goes down, the rest comes up as configured."""
    if "-a" not in arguments and "--all" not in arguments:
        complain("ifreload: error: one of the arguments -a/--all -c/--currently-up --allow is required\n")
        return 2
    with only_one(root) as is_ours:
        if not is_ours:
            return ALREADY_RUNNING
        interfaces = Interfaces(root)
        if "-s" in arguments:
            return _finish([*interfaces.errors, *_pedantry(interfaces)], is_check=True)
        with locked_state(root) as state:
            for name in [name for name in state.managed if name not in interfaces.stanzas]:
                _leave(state, name)
            complaints = _bring_up(state, interfaces, in_order(interfaces.auto, interfaces.stanzas))
            forget_vlans(state, interfaces)
            remember(state)
        return _finish([*interfaces.errors, *complaints])


def ifup(root: Path, arguments: Sequence[str]) -> int:
    """``ifup [-a] [-i FILE] [NAME...]``: those, in the order given; where one of them was not there, then also what was
    up on them.
    """
    file, names = _file_and_names(arguments)
    with only_one(root) as is_ours:
        if not is_ours:
            return ALREADY_RUNNING
        interfaces = Interfaces(root, file)
        if "-s" in arguments:
            return _finish([*interfaces.errors, *_pedantry(interfaces)], is_check=True)
        wanted = in_order(interfaces.auto, interfaces.stanzas) if "-a" in arguments else names
        missing = [name for name in wanted if name not in interfaces.stanzas]
        if missing:
            return _finish([f"error: main exception: cannot find interfaces: {', '.join(missing)}"])
        with locked_state(root) as state:
            is_new = any(name not in state.links for name in wanted)
            complaints = _bring_up(state, interfaces, wanted)
            if is_new:
                complaints += _bring_up(state, interfaces, _carried_by(state, interfaces, wanted))
            remember(state)
        return _finish([*interfaces.errors, *complaints])


def ifdown(root: Path, arguments: Sequence[str]) -> int:
    """``ifdown [-i FILE] NAME...``: virtual links go, physical ones lose their addresses and their master, the last
    that is named first.

    What was brought up is known by ifupdown2's own memory: FILE need not name it any more, and what FILE names but
    nobody has brought up cannot be taken down.
    """
    _, names = _file_and_names(arguments)
    with only_one(root) as is_ours:
        if not is_ours:
            return ALREADY_RUNNING
        with locked_state(root) as state:
            missing = [name for name in names if name not in state.managed]
            if missing:
                unknown = ", ".join(missing)
                return _finish(
                    [f"error: main exception: cannot find interfaces: {unknown} (interface was probably never up ?)"]
                )
            for name in reversed(names):
                _take_down(state, name)
            remember(state)
    return 0


@contextmanager
def only_one(root: Path) -> Iterator[bool]:
    """ifupdown2's lock for as long as one command runs; False when another has it."""
    place = root / "run/network/.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            complain("error: Another instance of this program is already running.\n")
            yield False
            return
        try:
            yield True
        finally:
            # Closing alone frees it only once no child that another thread is forking has the file any more.
            fcntl.flock(lock, fcntl.LOCK_UN)


def _file_and_names(arguments: Sequence[str]) -> tuple[str, list[str]]:
    file, names = "/etc/network/interfaces", []
    words = iter(arguments)
    for word in words:
        if word in {"-i", "--interfaces"}:
            file = next(words, file)
        elif not word.startswith("-"):
            names.append(word)
    return file, names


def _finish(complaints: list[str], *, is_check: bool = False) -> int:
    complain("".join(f"{line}\n" for line in complaints))
    return int((is_check and bool(complaints)) or any(line.startswith("error: ") for line in complaints))


def _pedantry(interfaces: Interfaces) -> list[str]:
    """What a check of the syntax alone holds against text that is right."""
    return [
        f"warning: {name}: bridge-ports: invalid value \"none\": valid attribute values: ['<interface-list>']"
        for name, attributes in interfaces.stanzas.items()
        if "none" in words(attributes, "bridge-ports")
    ]


def _leave(state: State, name: str) -> None:
    """A stanza is gone: a virtual link goes too, a physical one keeps its addresses (docs/pve.md §13.2)."""
    state.managed.remove(name)
    run_remembered(state.root, name)
    link = state.links.get(name)
    if link is not None and link["kind"] != PHYSICAL:
        state.delete(name)


def _take_down(state: State, name: str) -> None:
    state.managed.remove(name)
    run_remembered(state.root, name)
    link = state.links.get(name)
    if link is None:
        return
    if link["kind"] != PHYSICAL:
        state.delete(name)
        return
    # Addresses and routes that others gave it go as well.
    link.update(addresses=[], master=None, up=False, mtu=DEFAULT_MTU)
    link["info"].pop("gateway", None)


def _bring_up(state: State, interfaces: Interfaces, names: Sequence[str]) -> list[str]:
    complaints = []
    torn = torn_ports(interfaces.stanzas)
    for name in names:
        attributes = interfaces.stanzas.get(name, {})
        # It is remembered as brought up even where that failed.
        if name not in state.managed:
            state.managed.append(name)
        contested = [port for port, bridges in torn.items() if name in bridges]
        for port in contested:
            claims = f"{port} bridge port is enslaved to multiple interfaces {torn[port]}"
            complaints.append(f"error: misconfig..? {claims}")
        if contested:
            continue
        try:
            complaints += configure(state, name, kind_of(state, name, attributes), attributes)
        except Refusal as refusal:
            complaints.append(f"error: {name}: {refusal}")
        except Shortfall as shortfall:
            complaints.append(f"warning: {name}: {shortfall}")
        run_hooks(state.root, attributes.get("post-up", []))
        run_tc(state, attributes.get("post-up", []))
        remember_hooks(state.root, name, attributes.get("post-down", []))
    return list(dict.fromkeys(complaints))


def _carried_by(state: State, interfaces: Interfaces, names: Sequence[str]) -> list[str]:
    """What was brought up on `names`, if it is a bridge or has gone: then it takes its ports again, or is made anew."""
    uppers = [
        name
        for name, attributes in interfaces.stanzas.items()
        if name not in names and name in state.managed and made_of(name, attributes) & set(names)
        if name not in state.links or state.links[name]["kind"] == "bridge"
    ]
    return [*uppers, *_carried_by(state, interfaces, [*names, *uppers])] if uppers else []
