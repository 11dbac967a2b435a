"""The hooks of a stanza (`up`, `pre-up`, `post-up` and their like) -> what they do about links, bridges and addresses.

Read as a shell and iproute2 read them, as far as an administrator's one-liners go: `;`, `&&`, `||`, `sh -c '…'`,
`$IFACE`, abbreviated words. What is done in another network namespace is nobody's business here. Nothing here raises,
and nothing is ever executed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from pvesdn.model.hand_written import Act, Floods, Holds, Joins, MakesBridge, VxlanWords
from pvesdn.model.primitives import bounded

HOOKS = ("up", "post-up", "pre-up", "down", "post-down", "pre-down")
UP_HOOKS = frozenset({"up", "post-up", "pre-up"})

_ENDS = frozenset({";", "&&", "||", "|", "&", "(", ")", ";;"})
_PREFIXES = frozenset({"then", "do", "else", "!", "{", "exec", "sudo", "command", "nice"})
_SHELLS = frozenset({"sh", "bash", "dash"})
_DEEPEST = 3
"""How often `sh -c` may stand inside `sh -c`."""
_NOBODY = "00:00:00:00:00:00"
_PAIR = 2

_WITH_VALUE = {
    "id": "vni", "vni": "vni", "group": "group", "local": "local", "dev": "physdev", "dstport": "port",
    "ttl": "ttl", "hoplimit": "ttl",
}  # fmt: skip
_FLAGS = {"external": True, "vnifilter": True, "noexternal": False, "novnifilter": False}
_TWO_VALUES = frozenset({"srcport", "port"})
_ONE_VALUE = frozenset({"tos", "dsfield", "flowlabel", "ageing", "maxaddress", "df", "label_policy"})
_LINK_VALUES = frozenset(
    {"txqueuelen", "txqlen", "qlen", "address", "addr", "broadcast", "brd", "alias", "numtxqueues"}
)


def read_hook(command: str, device: str) -> tuple[Act, ...]:
    """What a hook does, in its order; empty for anything else.

    :param device: the stanza's, which `$IFACE` stands for.
    """
    return tuple(_acts(command, device, 0))


def _acts(command: str, device: str, depth: int) -> Iterator[Act]:
    for words in _commands(command, device):
        program = words[0].rpartition("/")[2]
        if program in _SHELLS and len(words) > _PAIR and words[1].startswith("-") and words[1].endswith("c"):
            if depth < _DEEPEST:
                yield from _acts(words[2], device, depth + 1)
        elif program == "ip":
            yield from _ip(words[1:])
        elif program == "bridge":
            yield from _bridge(words[1:])
        elif program == "brctl":
            yield from _brctl(words[1:])


def _commands(command: str, device: str) -> Iterator[list[str]]:
    """The simple commands of a line."""
    for name in ("${IFACE}", "$IFACE", "${LOGICAL}", "$LOGICAL"):
        command = command.replace(name, device)
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    found: list[str] = []
    try:
        words = list(lexer)
    except ValueError:  # a quotation without an end
        return
    for word in (*words, ";"):
        if word in _ENDS:
            while found and found[0] in _PREFIXES:
                found.pop(0)
            if found:
                yield found
            found = []
        else:
            found.append(word)


def _ip(words: list[str]) -> Iterator[Act]:
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag in ("-n", "-netns", "-b", "-batch"):
            return
    if len(words) < _PAIR:
        return
    kind, verb, rest = words[0], words[1], words[2:]
    if "link".startswith(kind) and "add".startswith(verb):
        yield from _link_add(rest)
    elif "link".startswith(kind) and "set".startswith(verb):
        yield from _link_set(rest)
    elif "address".startswith(kind) and verb in ("a", "add", "replace", "append", "change"):
        device, address = _after(rest, "dev"), _first_bare(rest, ("local",))
        if device and address:
            yield Holds(device, address)


def _link_set(words: list[str]) -> Iterator[Act]:
    device, bridge = _after(words, "dev") or _first_bare(words), _after(words, "master")
    if device and bridge and "netns" not in words:
        yield Joins(device, bridge)


def _first_bare(words: list[str], before: tuple[str, ...] = ()) -> str:
    """The first word, or what stands behind one of these."""
    return next((words[place + 1] for place, word in enumerate(words[:-1]) if word in before), "") or next(
        (word for word in words[:1] if word != "dev"), ""
    )


def _after(words: list[str], name: str) -> str:
    return next((value for word, value in pairwise(words) if word == name), "")


@dataclass(slots=True)
class _Link:
    """`ip link add` while its words are being read."""

    name: str = ""
    kind: str = ""
    master: str = ""
    values: dict[str, str] = field(default_factory=dict)
    remotes: list[str] = field(default_factory=list)
    learns: bool = True
    is_external: bool = False
    others: list[str] = field(default_factory=list)


def _link_add(words: list[str]) -> Iterator[Act]:
    if "netns" in words:
        return
    link, left = _Link(), list(words)
    while left and not link.kind:
        _general(link, left.pop(0), left)
    if link.kind == "bridge" and link.name:
        yield MakesBridge(link.name)
    if link.kind != "vxlan" or not link.name:
        return
    while left:
        _vxlan_word(link, left.pop(0), left)
    values = {name: link.values.get(name, "") for name in ("vni", "group", "local", "physdev", "port", "mtu", "ttl")}
    group = values["group"]
    if group and not _is_multicast(group):  # the kernel has one attribute for both
        link.remotes.append(group)
        values["group"] = ""
    elif not group:
        multicast = [remote for remote in link.remotes if _is_multicast(remote)]
        values["group"] = multicast[0] if multicast else ""
        link.remotes = [remote for remote in link.remotes if remote not in multicast]
    yield VxlanWords(
        name=link.name, remotes=tuple(link.remotes), learns=link.learns, is_external=link.is_external,
        others=tuple(link.others), **values,
    )  # fmt: skip
    if link.master:
        yield Joins(link.name, link.master)


def _general(link: _Link, word: str, left: list[str]) -> None:
    """A word before `type KIND`."""
    match word:
        case "type":
            link.kind = left.pop(0) if left else "?"
        case "name" | "dev":
            link.name = left.pop(0) if left else ""
        case "master":
            link.master = left.pop(0) if left else ""
        case "mtu":
            link.values["mtu"] = left.pop(0) if left else ""
        case "link":
            link.values["physdev"] = left.pop(0) if left else ""
        case _ if word in _LINK_VALUES:
            del left[:1]
        case "up" | "down":
            pass
        case _ if not link.name:
            link.name = word


def _vxlan_word(link: _Link, word: str, left: list[str]) -> None:
    """A word behind `type vxlan`."""
    if word in _WITH_VALUE:
        value = left.pop(0) if left else ""
        link.values[_WITH_VALUE[word]] = "" if word == "dstport" and value == "0" else value
    elif word == "remote":
        link.remotes += [left.pop(0)] if left else []
    elif word in ("learning", "nolearning"):
        link.learns = word == "learning"
    elif word in _FLAGS:
        link.is_external = link.is_external or _FLAGS[word]
    elif word in _TWO_VALUES:
        link.others.append(" ".join((word, *left[:_PAIR])))
        del left[:_PAIR]
    elif word in _ONE_VALUE:
        link.others.append(" ".join((word, *left[:1])))
        del left[:1]
    else:
        link.others.append(word)


def _is_multicast(text: str) -> bool:
    first = text.partition(".")[0]
    return text.lower().startswith("ff") or (bounded(first, 239) or 0) >= 224  # noqa: PLR2004 - RFC 5771


def _bridge(words: list[str]) -> Iterator[Act]:
    while words and words[0].startswith("-"):
        if words.pop(0) in ("-n", "-netns", "-b", "-batch"):
            return
    if len(words) < _PAIR or not "fdb".startswith(words[0]) or words[1] not in ("a", "add", "append", "replace"):
        return
    device, address = _after(words, "dev"), _after(words, "dst")
    if device and address and _NOBODY in words:
        yield Floods(device, address)


def _brctl(words: list[str]) -> Iterator[Act]:
    match words:
        case ["addbr", name, *_]:
            yield MakesBridge(name)
        case ["addif", bridge, *devices]:
            yield from (Joins(device, bridge) for device in devices)
