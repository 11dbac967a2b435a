"""A node's own files -> its hand-written devices and FRR configuration; and those files with some of that removed.

What PVE and pvesdn wrote themselves (`interfaces.d/sdn`, `interfaces.d/pvesdn`) is not hand-written and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pvesdn.decode.frr.conf import decode_frr_conf
from pvesdn.decode.nodes.hook_commands import HOOKS, read_hook
from pvesdn.decode.nodes.interfaces import begins_something, decode_interfaces, is_auto, logical_lines
from pvesdn.decode.nodes.live_vxlan import decode_live_vxlans
from pvesdn.decode.secrets import hide_secrets
from pvesdn.model.facts import from_root, is_sourced
from pvesdn.model.files import FRR_CONF, OUR_INTERFACES, SDN_INTERFACES
from pvesdn.model.hand_written import Device, FrrText, HandWrittenNode, HookLine, Option, Place
from pvesdn.model.primitives import Json

MAIN_INTERFACES = "/etc/network/interfaces"
_FOLDER = "/etc/network/interfaces.d/"


def decode_hand_written(
    node: str, files: Mapping[str, str], links: Json = None, *, has_own_frr: bool = True
) -> HandWrittenNode:
    """What was written by hand on a node. Never raises: what is not understood is kept as it is.

    :param files: text by absolute path.
    :param links: the answer of `ip -j -d link`; None where it was not asked.
    :param has_own_frr: frr.conf is the administrator's; False where PVE writes it.
    """
    devices: dict[str, Device] = {}
    orphans: dict[str, Place] = {}
    sources: list[str] = []
    for file in interfaces_files(files):
        decoded = decode_interfaces(files[file])
        sources += decoded.sources
        for stanza in decoded.stanzas:
            options = tuple(
                Option(name, value, Place(file, line))
                for (name, value), line in zip(stanza.options, stanza.lines, strict=True)
            )
            before = devices.get(stanza.name)
            place = before.place if before else Place(file, stanza.line)
            methods = (*(before.methods if before else ()), *([stanza.method] if stanza.method else []))
            devices[stanza.name] = Device(
                stanza.name, place, (*(before.options if before else ()), *options), tuple(dict.fromkeys(methods))
            )
        orphans |= dict(_auto_lines(files[file], file))
    text = files.get(FRR_CONF, "") if has_own_frr else ""
    return HandWrittenNode(
        node=node,
        devices=devices,
        orphans={name: place for name, place in orphans.items() if name not in devices},
        frr=decode_frr_conf(text, FRR_CONF) if text else FrrText(),
        hooks=tuple(_hooks(devices)),
        live=decode_live_vxlans(links) if links is not None else (),
        generated=dict(_generated(files)),
        unsourced={
            path: frozenset(stanza.name for stanza in decode_interfaces(files[path]).stanzas)
            for path in _beside(files, is_read=False)
        },
        outside=tuple(dict.fromkeys(pattern for pattern in sources if not _is_read(pattern))),
    )


def _hooks(devices: Mapping[str, Device]) -> Iterator[HookLine]:
    for device in devices.values():
        for option in device.all(*HOOKS):
            acts = read_hook(option.value, device.name)
            if acts:
                text, _ = hide_secrets(f"{option.name} {option.value}")
                yield HookLine(device.name, text, option.place, acts)


def _generated(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Devices that PVE and pvesdn make, with the file that says so."""
    for path in (SDN_INTERFACES, OUR_INTERFACES):
        for stanza in decode_interfaces(files.get(path, "")).stanzas:
            yield stanza.name, path


def _is_read(pattern: str) -> bool:
    """Whether what a `source` line names is among the files that are read from a node."""
    path = from_root(pattern)
    return path.startswith(_FOLDER) and "/" not in path.removeprefix(_FOLDER)


def interfaces_files(files: Mapping[str, str]) -> list[str]:
    """The interfaces files that a person writes and that are in force: the main one first, then what is sourced."""
    return [path for path in (MAIN_INTERFACES, *_beside(files, is_read=True)) if path in files]


def _beside(files: Mapping[str, str], *, is_read: bool) -> Iterator[str]:
    """Files in interfaces.d, by whether /etc/network/interfaces sources them."""
    sources = decode_interfaces(files.get(MAIN_INTERFACES, "")).sources
    for path in sorted(files):
        is_ours = path in (OUR_INTERFACES, SDN_INTERFACES)
        if path.startswith(_FOLDER) and not is_ours and is_sourced(path, sources) is is_read:
            yield path


def _auto_lines(text: str, file: str) -> Iterator[tuple[str, Place]]:
    for first, _, line in logical_lines(text):
        keyword, *names = line.split() or [""]
        if is_auto(keyword):
            for name in names:
                yield name, Place(file, first)


@dataclass(frozen=True, slots=True)
class Cut:
    """What is removed from a node's interfaces files.

    :param whole: devices whose stanzas go.
    :param options: lines to remove from devices that stay, by device; such a device becomes `inet manual`.
    """

    whole: frozenset[str] = frozenset()
    options: Mapping[str, frozenset[Place]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CutText:
    """A file after a cut.

    :param gone: the lines that were removed or changed, by device, as (first, last) of the old file, 1-based.
    """

    text: str
    gone: Mapping[str, tuple[tuple[int, int], ...]]


def cut_file(text: str, file: str, cut: Cut) -> CutText:
    """A file without some stanzas and lines. Comments and blank lines inside them, and blank lines
    before them, go too.
    """
    cutter = _Cutter(text, file, cut)
    for first, last, line in logical_lines(text):
        cutter.take(first, last, line)
    return cutter.result()


class _Cutter:
    """One pass over one file."""

    def __init__(self, text: str, file: str, cut: Cut) -> None:
        self._raw = text.split("\n")
        self._file = file
        self._cut = cut
        self._kept: list[str] = []
        self._held: list[str] = []  # comments and blanks that may belong to what comes next
        self._owner = ""
        self._gone: dict[str, list[int]] = {}

    def take(self, first: int, last: int, line: str) -> None:
        """Keep, change or drop one logical line."""
        raw = self._raw[first - 1 : last]
        if not line or line.startswith("#"):
            self._held += raw
            return
        keyword, *rest = line.split()
        if is_auto(keyword):
            self._owner = ""
            self._auto(first, last, raw, rest)
        elif keyword == "iface" and rest:
            self._owner = rest[0]
            self._iface(first, last, raw, line)
        elif begins_something(keyword):
            self._owner = ""
            self._keep(raw)
        else:
            lost = Place(self._file, first) in self._cut.options.get(self._owner, frozenset())
            if self._owner in self._cut.whole or lost:
                self._held = []
                self._drop(self._owner, first, last)
            else:
                self._keep(raw)

    def result(self) -> CutText:
        """What is left."""
        text = "\n".join((*self._kept, *self._held))
        return CutText(text, {name: tuple(_spans(lines)) for name, lines in self._gone.items()})

    def _auto(self, first: int, last: int, raw: list[str], names: list[str]) -> None:
        going = [name for name in names if name in self._cut.whole]
        for name in going:
            self._drop(name, first, last)
        staying = [name for name in names if name not in self._cut.whole]
        if not going:
            self._keep(raw)
        elif staying:
            self._keep([f"{raw[0].split()[0]} {' '.join(staying)}"])
        else:
            self._let_go()

    def _iface(self, first: int, last: int, raw: list[str], line: str) -> None:
        if self._owner in self._cut.whole:
            self._let_go()
            self._drop(self._owner, first, last)
        elif self._owner in self._cut.options and line.endswith(" static"):
            self._drop(self._owner, first, last)
            self._keep([f"iface {self._owner} inet manual"])
        else:
            self._keep(raw)

    def _let_go(self) -> None:
        """A stanza to be removed begins: comments before it stay, followed by one blank line; other blank lines go."""
        comments = [line for line in self._held if line.strip()]
        self._held = [*([""] if self._kept and self._kept[-1].strip() and comments else []), *comments]
        self._kept += self._held
        self._held = []

    def _keep(self, raw: list[str]) -> None:
        if not self._kept and self._gone:
            self._held = [line for line in self._held if line.strip()]  # no blank lines where the file now begins
        self._kept += [*self._held, *raw]
        self._held = []

    def _drop(self, name: str, first: int, last: int) -> None:
        self._gone.setdefault(name, []).extend(range(first, last + 1))


def _spans(lines: list[int]) -> Iterator[tuple[int, int]]:
    """Runs of line numbers without a gap."""
    start = before = 0
    for line in sorted(set(lines)):
        if start and line == before + 1:
            before = line
            continue
        if start:
            yield start, before
        start = before = line
    if start:
        yield start, before
