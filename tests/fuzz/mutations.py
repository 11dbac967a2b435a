"""What can have happened to a snapshot: one function each, which changes a draft and says in a few words what it did.

A mutation takes the draft and a source of chance, and returns what it did, empty when the draft had no place for it.
Chance comes from the given source alone and is never asked about the order of a set, so that a number tells everything.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from pvesdn.model.snapshot import RECORD_FILE, SEEN_NAME
from tests.fuzz import oddities
from tests.fuzz.corpus import Draft, names, start

Mutation: TypeAlias = Callable[[Draft, random.Random], str]

INTERFACES, FRR_CONF, FRR_LOCAL = "/etc/network/interfaces", "/etc/frr/frr.conf", "/etc/frr/frr.conf.local"
_RUNNING = ".running-config"
_STATUS = "cluster/status"
_VERSIONS = (
    "7.4-17",
    "8.0.3",
    "8.4.1",
    "9.0.3",
    "9.1.5",
    "10.0.0",
    "9",
    "",
    "x",
    "9." + "1" * 5000,
    "-1.0",
    "9.1.5~rc1",
)
_EXTRA_FILES = (
    "/etc/network/interfaces.new", "/etc/network/interfaces.d/extra", "/etc/network/interfaces.d/pvesdn",
    "/etc/network/interfaces.d/sdn", FRR_CONF, FRR_LOCAL, "/etc/frr/daemons", "/etc/sysctl.d/90-pvesdn.conf", RECORD_FILE,
    "/etc/network/interfaces.d/a b", "/etc/network/interfaces.d/\x1b", "/etc/network/interfaces.d/é",
)  # fmt: skip


# --- JSON -----------------------------------------------------------------------------------------------------------


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every item inside a document, as the thing that holds it and its key there."""
    found: list[Any] = [value]
    while found:
        holder = found.pop()
        items: Any = list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))
        for key, item in items:
            yield holder, key
            if isinstance(item, dict | list):
                found.append(item)


def spoil_json(document: Any, rng: random.Random) -> tuple[Any, str]:
    """The document with one of its parts dropped, doubled, exchanged or of another type, and what was done."""
    found = list(places(document)) if isinstance(document, dict | list) else []
    if not found or rng.random() < 0.03:
        new = oddities.value(rng)
        return new, f"is {_short(new)}"
    holder, key = rng.choice(found)
    old = holder[key]
    match rng.choice(("value", "value", "retype", "drop", "double", "spoil", "add", "swap")):
        case "drop":
            del holder[key]
            return document, f"lost {_short(key)}: {_short(old)}"
        case "double" if isinstance(holder, list):
            holder.insert(rng.randint(0, len(holder)), old)
            return document, f"has {_short(old)} twice"
        case "retype":
            holder[key] = oddities.retyped(old, rng)
        case "spoil" if isinstance(old, str):
            holder[key] = oddities.spoiled(old, rng)
        case "add" if isinstance(holder, dict):
            key = rng.choice(oddities.WORDS)
            holder[key] = oddities.value(rng)
        case "swap":
            other, there = rng.choice(found)
            # Copies: a document must not come to hold itself.
            try:
                holder[key], other[there] = _copy(other[there]), _copy(old)
            except RecursionError:
                return document, ""
            return document, f"{_short(key)} and {_short(there)} changed places"
        case _:
            holder[key] = oddities.value(rng)
    return document, f"{_short(key)} is {_short(holder[key])} and was {_short(old)}"


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _short(value: Any) -> str:
    try:
        text = ascii(value)
    except (ValueError, RecursionError):  # numbers and nestings that Python itself does not print
        return f"a huge {type(value).__name__}"
    return text if len(text) <= 60 else f"{text[:57]}..."


SECRET = "hunter2hunter2"
_SECRET_FRR = (
    "neighbor 192.168.0.9 password {}",
    "password {}",
    "enable password 8 {}",
    "key-string {}",
    "ip ospf message-digest-key 1 md5 {}",
    "ip ospf authentication-key {}",
    "isis password md5 {}",
    "area-password clear {}",
)
_SECRET_INTERFACES = (
    "wpa-psk {}",
    "wireless-key {}",
    "wpa-password {}",
)
SECRETS = frozenset(line.format(SECRET) for line in (*_SECRET_FRR, *_SECRET_INTERFACES))
"""Lines as they stand in files of a node, each with the secret."""


def secret(draft: Draft, rng: random.Random) -> str:
    """A password or a key is among the lines of a node's file."""
    node = _pick(draft.nodes, rng)
    path = rng.choice((INTERFACES, FRR_CONF, FRR_LOCAL, "/etc/network/interfaces.d/extra"))
    if node is None:
        return ""
    lines = draft.nodes[node].files.get(path, "").split("\n")
    line = rng.choice(_SECRET_FRR if path in (FRR_CONF, FRR_LOCAL) else _SECRET_INTERFACES).format(SECRET)
    lines.insert(rng.randint(0, len(lines) - 1), rng.choice(("", " ", "\t")) + line)
    draft.nodes[node].files[path] = "\n".join(lines)
    return f"{node}: {path}: {line}"


def _pick(names: Any, rng: random.Random) -> Any:
    found = sorted(names)
    return rng.choice(found) if found else None


def command(draft: Draft, rng: random.Random) -> str:
    """One answer of a node's commands is spoiled."""
    node = _pick(draft.nodes, rng)
    name = _pick(draft.nodes[node].commands, rng) if node else None
    if name is None:
        return ""
    draft.nodes[node].commands[name], what = spoil_json(draft.nodes[node].commands[name], rng)
    return f"{node}: cmd/{name}: {what}"


def api(draft: Draft, rng: random.Random) -> str:
    """One answer of the API is spoiled."""
    path = _pick(draft.api, rng)
    if path is None:
        return ""
    draft.api[path], what = spoil_json(draft.api[path], rng)
    return f"api/{path}: {what}"


def _json_text(files: dict[str, str], path: str, rng: random.Random) -> str:
    try:
        document = json.loads(files.get(path, "{}"))
    except (ValueError, RecursionError):
        return ""
    document, what = spoil_json(document, rng)
    try:
        files[path] = json.dumps(document)
    except (ValueError, RecursionError):
        files[path] = '{"version": 1' + "0" * 5000 + "}" if rng.random() < 0.5 else "[" * 5000
    return f"{path}: {what}"


def running_config(draft: Draft, rng: random.Random) -> str:
    """PVE's committed definitions are spoiled inside."""
    return _json_text(draft.pve_files, _RUNNING, rng) if _RUNNING in draft.pve_files else ""


def seen(draft: Draft, rng: random.Random) -> str:
    """What is remembered of the VTEPs is spoiled inside."""
    return _json_text(draft.pve_files, SEEN_NAME, rng)


def record(draft: Draft, rng: random.Random) -> str:
    """A node's record of what pvesdn wrote is spoiled inside."""
    node = _pick(draft.nodes, rng)
    if node is None:
        return ""
    draft.nodes[node].files.setdefault(
        RECORD_FILE, '{"format": 1, "files": {"/etc/frr/frr.conf": "0"}, "unfinished": false}'
    )
    return f"{node}: {_json_text(draft.nodes[node].files, RECORD_FILE, rng)}"


# --- text -----------------------------------------------------------------------------------------------------------


def spoil_text(text: str, rng: random.Random) -> tuple[str, str]:
    """The text with one fault of the kinds that editors, disks and people make, and what was done."""
    if rng.random() < 0.2:
        return _spoil_file(text, rng)
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    number = at + 1
    match rng.choice(("lost", "twice", "moved", *["other"] * 7)):
        case "lost":
            return "\n".join([*lines[:at], *lines[number:]]), f"lost line {number}: {_short(lines[at])}"
        case "twice":
            lines.insert(rng.randint(0, len(lines)), lines[at])
            return "\n".join(lines), f"line {number} twice"
        case "moved":
            lines.insert(rng.randint(0, len(lines) - 1), lines.pop(at))
            return "\n".join(lines), f"line {number} moved"
        case _:
            lines[at] = _spoil_line(lines[at], rng)
            return "\n".join(lines), f"line {number} is {_short(lines[at])}"


def _spoil_file(text: str, rng: random.Random) -> tuple[str, str]:
    """Something happened to all of it."""
    match rng.randrange(3):
        case 0:
            end = rng.randint(0, len(text))
            return text[:end], f"ends after {end} characters"
        case 1:
            ending = rng.choice(("\r\n", "\r", "\x0b", "\x0c", "\u2028", "\x85", "\n\n", "\n\t", "\\\n", " \n"))
            return ending.join(text.split("\n")), f"lines end with {_short(ending)}"
        case _:
            beginning = rng.choice(("\ufeff", "\0", "\n", "\\", "#", " ", "\t", "\ud800"))
            return beginning + text, f"begins with {_short(beginning)}"


def _spoil_line(line: str, rng: random.Random) -> str:
    """Something happened to one line."""
    words = line.split()
    match rng.randrange(8):
        case 0:
            change = rng.choice((str.upper, str.lower, str.swapcase, str.strip, str.lstrip, lambda t: t[::-1]))
            return change(line)
        case 1:
            return rng.choice(("", " ", "\t", "  ", "#")) + line.lstrip()
        case 2:
            return line + rng.choice(("\\", " ", "\t", "\r", " #", " !", "\0", "\ud800", ";"))
        case 3:
            return rng.choice(oddities.WORDS)
        case 4 | 5 | 6 if words:
            index = rng.randrange(len(words))
            words[index] = rng.choice((oddities.spoiled(words[index], rng), rng.choice(oddities.WORDS)))
            return line[: len(line) - len(line.lstrip())] + " ".join(words)
        case _:
            return oddities.spoiled(line, rng)


def definition_text(draft: Draft, rng: random.Random) -> str:
    """One of the files in /etc/pve/sdn is spoiled."""
    name = _pick(draft.pve_files, rng)
    if name is None:
        return ""
    draft.pve_files[name], what = spoil_text(draft.pve_files[name], rng)
    return f"{name}: {what}"


def node_text(draft: Draft, rng: random.Random) -> str:
    """One of a node's files is spoiled."""
    node = _pick(draft.nodes, rng)
    path = _pick(draft.nodes[node].files, rng) if node else None
    if path is None:
        return ""
    draft.nodes[node].files[path], what = spoil_text(draft.nodes[node].files[path], rng)
    return f"{node}: {path}: {what}"


def splice(draft: Draft, rng: random.Random) -> str:
    """Some lines of another snapshot's file come into one of a node's files or into a definition."""
    source = _random_text(rng)
    lines = source.split("\n")
    first = rng.randrange(len(lines))
    part = lines[first : first + rng.choice((1, 2, 5, 20))]
    if rng.random() < 0.5 and draft.pve_files:
        where, files = "", draft.pve_files
    elif draft.nodes:
        where = _pick(draft.nodes, rng)
        files = draft.nodes[where].files
    else:
        return ""
    path = _pick(files, rng)
    if path is None:
        return ""
    old = files[path].split("\n")
    at = rng.randint(0, len(old))
    files[path] = "\n".join([*old[:at], *part, *old[at:]])
    return f"{where}: {path}: {len(part)} foreign lines before line {at + 1}: {_short(part[0])}"


def _random_text(rng: random.Random) -> str:
    snapshot = start(rng.choice(names()))
    texts = [snapshot.pve_files[name] for name in sorted(snapshot.pve_files)]
    for node in sorted(snapshot.nodes):
        texts += [snapshot.nodes[node].files[path] for path in sorted(snapshot.nodes[node].files)]
    return rng.choice(texts)


def more_files(draft: Draft, rng: random.Random) -> str:
    """A node has a file that it had not, with text of another."""
    node = _pick(draft.nodes, rng)
    if node is None:
        return ""
    path = rng.choice(_EXTRA_FILES)
    text = rng.choice(
        (_random_text(rng), "", "\n", oddities.spoiled(_random_text(rng), rng), rng.choice(oddities.WORDS))
    )
    draft.nodes[node].files[path] = text
    return f"{node}: {path}: {_short(text)}"


def fewer_files(draft: Draft, rng: random.Random) -> str:
    """Something is not there: a definition, a node's file, the answer of a command, an answer of the API."""
    holders: list[tuple[str, dict[str, Any]]] = [("", draft.pve_files), ("api", draft.api)]
    for name in sorted(draft.nodes):
        holders += [(name, draft.nodes[name].files), (f"{name}: cmd", draft.nodes[name].commands)]
    where, holder = rng.choice([(where, holder) for where, holder in holders if holder] or [("", {"": ""})])
    name = _pick(holder, rng)
    del holder[name]
    return f"{where}: no {name}" if name else ""


# --- definitions ------------------------------------------------------------------------------------------------------


def _sections(text: str) -> list[str]:
    return [part for part in re.split(r"\n(?=\S)", text) if part.strip()]


def sections(draft: Draft, rng: random.Random) -> str:
    """A section is gone, there twice, in another place or in another file."""
    name = _pick((name for name in draft.pve_files if name.endswith(".cfg")), rng)
    parts = _sections(draft.pve_files[name]) if name else []
    if not parts:
        return ""
    at = rng.randrange(len(parts))
    part = parts[at]
    match rng.randrange(4):
        case 0:
            del parts[at]
            what = "lost"
        case 1:
            parts.insert(rng.randint(0, len(parts)), part)
            what = "has twice"
        case 2:
            parts.insert(rng.randint(0, len(parts) - 1), parts.pop(at))
            what = "moved"
        case _:
            other = rng.choice(
                ("pvesdn.cfg", "zones.cfg", "vnets.cfg", "subnets.cfg", "controllers.cfg", "fabrics.cfg")
            )
            draft.pve_files[other] = f"{draft.pve_files.get(other, '').rstrip()}\n\n{part}\n"
            what = f"gave to {other}"
    draft.pve_files[name] = "\n".join(f"{text.rstrip()}\n" for text in parts)
    return f"{name}: {what} {_short(part.splitlines()[0])}"


def properties(draft: Draft, rng: random.Random) -> str:
    """A property has another value, is there twice, or stands in another section."""
    name = _pick((name for name in draft.pve_files if name.endswith(".cfg")), rng)
    lines = draft.pve_files[name].split("\n") if name else []
    indented = [index for index, line in enumerate(lines) if line.startswith("\t") and line.strip()]
    if not indented:
        return ""
    at = rng.choice(indented)
    key, _, value = lines[at].strip().partition(" ")
    match rng.randrange(6):
        case 0:
            lines[at] = f"\t{key}"
        case 1:
            lines[at] = f"\t{key} {rng.choice(oddities.WORDS)}"
        case 2:
            lines[at] = f"\t{key} {value},{rng.choice(oddities.WORDS)}"
        case 3:
            lines[at] = f"\t{lines[rng.choice(indented)].strip().partition(' ')[0]} {value}"
        case 4:
            lines.insert(rng.choice(indented), lines[at])
        case _:
            lines[at] = f"\t{key} {lines[rng.choice(indented)].strip().partition(' ')[2]}"
    draft.pve_files[name] = "\n".join(lines)
    return f"{name}: {_short(lines[at])} in place of {_short(f'{key} {value}')}"


def rename_object(draft: Draft, rng: random.Random) -> str:
    """An id is another one, everywhere or only where it is defined."""
    ids = sorted({found for text in draft.pve_files.values() for found in re.findall(r"(?m)^\w[\w-]*: (\S+)$", text)})
    if not ids:
        return ""
    old = rng.choice(ids)
    new = rng.choice((*oddities.WORDS, *ids, old.upper(), old + "x" * 8, old[:1], f"{old}-{old}"))
    around = (r"(?<![\w.-])", r"(?![\w.-])") if rng.random() < 0.6 else (r"(?m)(?<=: )", "$")
    pattern = re.compile(re.escape(old).join(around))
    for name in sorted(draft.pve_files):
        draft.pve_files[name] = pattern.sub(lambda _: new, draft.pve_files[name])
    return f"{_short(old)} is called {_short(new)}"


# --- members and devices ----------------------------------------------------------------------------------------------


def rename_device(draft: Draft, rng: random.Random) -> str:
    """A device of a node has another name, in everything that the node says and at times in the definitions too."""
    node = _pick(draft.nodes, rng)
    links = draft.nodes[node].commands.get("ip-link") if node else None
    rows = [row for row in links if isinstance(row, dict)] if isinstance(links, list) else []
    known = [row["ifname"] for row in rows if isinstance(row.get("ifname"), str)]
    if not known:
        return ""
    old, new = rng.choice(known), rng.choice(oddities.DEVICES)
    there = draft.nodes[node]
    for command_name in sorted(there.commands):
        answer = there.commands[command_name]
        for holder, key in list(places(answer)) if isinstance(answer, dict | list) else []:
            if isinstance(holder[key], str) and holder[key] == old:
                holder[key] = new
    pattern = re.compile(rf"(?<![\w.]){re.escape(old)}(?![\w.])")
    for path in sorted(there.files):
        there.files[path] = pattern.sub(lambda _: new, there.files[path])
    if rng.random() < 0.4:
        for name in sorted(draft.pve_files):
            draft.pve_files[name] = pattern.sub(lambda _: new, draft.pve_files[name])
    return f"{node}: device {_short(old)} is called {_short(new)}"


def link(draft: Draft, rng: random.Random) -> str:
    """A node has another link, another MTU, or loses an address or a route."""
    node = _pick(draft.nodes, rng)
    name = rng.choice(("ip-link", "ip-link", "ip-addr", "ip-route", "ip-route6"))
    rows = draft.nodes[node].commands.get(name) if node else None
    if not isinstance(rows, list) or not rows:
        return ""
    row = rng.choice(rows)
    if name == "ip-link" and rng.random() < 0.6:
        kind = rng.choice(("vxlan", "bridge", "vrf", "macvlan", "openvswitch", "veth", "tun", "bond", "vlan", "", "x"))
        made = {
            "ifname": rng.choice((*oddities.DEVICES, "vmbr2", "web", "vxlan9", "vrf_sym", "vrfbr_sym", "tap100i0")),
            "mtu": rng.choice((0, 68, 1280, 1450, 1500, 9000, 65536)),
            "linkinfo": {"info_kind": kind, "info_data": {"id": rng.choice((1, 2, 3, 100, 4000, 2**24 - 1))}},
        }
        rows.insert(rng.randint(0, len(rows)), made)
        return f"{node}: a link more: {_short(made)}"
    if name == "ip-link" and isinstance(row, dict):
        row["mtu"] = rng.choice((0, 1, 68, 576, 1280, 1400, 1500, 1550, 9000, 65535, 2**31))
        return f"{node}: MTU of {_short(row.get('ifname'))} is {row['mtu']}"
    if name == "ip-addr" and isinstance(row, dict) and rng.random() < 0.7:
        local, length = rng.choice(
            (("10.9.9.9", 24), ("192.168.0.2", 24), ("192.168.0.77", 32), ("fd00::9", 64), ("fe80::9", 64))
        )
        info = {"family": "inet6" if ":" in local else "inet", "local": local, "prefixlen": length, "scope": "global"}
        row["addr_info"] = [*(row.get("addr_info") or []), info] if rng.random() < 0.5 else [info]
        return f"{node}: {_short(row.get('ifname'))} has {local}/{length}"
    rows.remove(row)
    return f"{node}: {name} lost {_short(row)}"


def _status_rows(draft: Draft) -> list[dict[str, Any]]:
    rows = draft.api.get(_STATUS)
    return (
        [row for row in rows if isinstance(row, dict) and row.get("type") == "node"] if isinstance(rows, list) else []
    )


def membership(draft: Draft, rng: random.Random) -> str:
    """A member is off, has left, has another name or address or is there twice; or a node did not answer."""
    rows = _status_rows(draft)
    if not rows:
        return ""
    row = rng.choice(rows)
    name: Any = row.get("name")
    everyone = draft.api[_STATUS]
    match rng.randrange(9):
        case 0:
            row["online"] = 0
            draft.nodes.pop(name, None)
            what = "is off"
        case 1:
            row["online"] = 0
            what = "is off and yet was read"
        case 2:
            everyone.remove(row)
            what = "has left, and was read"
        case 3:
            everyone.remove(row)
            draft.nodes.pop(name, None)
            what = "has left"
        case 4:
            draft.nodes.pop(name, None)
            draft.unreachable[name] = rng.choice(oddities.WORDS)
            what = "did not answer"
        case 5:
            row["ip"] = rng.choice(oddities.WORDS)
            what = f"has the address {_short(row['ip'])}"
        case 6:
            row["name"] = new = rng.choice((*oddities.WORDS, "node1", "NODE2", "a" * 63, "a" * 64, "n-1", "1"))
            if name in draft.nodes and rng.random() < 0.7:
                draft.nodes[new] = draft.nodes.pop(name)
            what = f"is called {_short(new)}"
        case 7:
            everyone.append(dict(row))
            what = "is there twice"
        case _:
            row["nodeid"] = rng.choice((*oddities.NUMBERS, *oddities.WORDS))
            what = f"has the id {_short(row['nodeid'])}"
    return f"{_short(name)} {what}"


def cluster(draft: Draft, rng: random.Random) -> str:
    """Another version of PVE, no SDN, no quorum, no cluster at all."""
    match rng.randrange(5):
        case 0:
            draft.api["version"] = {"version": rng.choice(_VERSIONS)}
            return f"PVE {_short(draft.api['version'])}"
        case 1:
            draft.api.pop("cluster/sdn", None)
            return "no cluster/sdn"
        case 2:
            draft.api["cluster/sdn"] = rng.choice((None, [], {}, [{"id": "zones"}]))
            return f"cluster/sdn is {draft.api['cluster/sdn']}"
        case 3:
            rows = draft.api.get(_STATUS)
            draft.api[_STATUS] = (
                [r for r in rows if not isinstance(r, dict) or r.get("type") != "cluster"]
                if isinstance(rows, list)
                else []
            )
            return "no cluster in the status"
        case _:
            rows = draft.api.get(_STATUS)
            for row in rows if isinstance(rows, list) else []:
                if isinstance(row, dict) and row.get("type") == "cluster":
                    row["quorate"] = rng.choice((0, "0", 1, "1", None, True, 2))
                    return f"quorate is {row['quorate']!r}"
            return ""


def packages(draft: Draft, rng: random.Random) -> str:
    """Another version of a package, or none of it."""
    node = _pick(draft.nodes, rng)
    versions = draft.nodes[node].commands.get("versions") if node else None
    if not isinstance(versions, dict) or not versions:
        return ""
    name = rng.choice((*sorted(versions), "libpve-network-perl", "ifupdown2", "frr"))
    versions[name] = rng.choice(
        ("1.2.5", "1.3.0", "8.4.4-1.1", "10.4.1-1+pve1", "1.2.8-1", "3.3.0-1+pmx11", "0", *oddities.WORDS)
    )
    return f"{node}: {_short(name)} {_short(versions[name])}"


def exchange(draft: Draft, rng: random.Random) -> str:
    """Two nodes answered in each other's place, or two answers of one node did."""
    nodes = sorted(draft.nodes)
    if not nodes:
        return ""
    one, other = rng.choice(nodes), rng.choice(nodes)
    if one != other and rng.random() < 0.5:
        draft.nodes[one], draft.nodes[other] = draft.nodes[other], draft.nodes[one]
        return f"{one} and {other} answered in each other's place"
    there = draft.nodes[one]
    holder: dict[str, Any] = there.commands if rng.random() < 0.5 else there.files
    keys = sorted(holder)
    if len(keys) < 2:
        return ""
    first, second = rng.sample(keys, 2)
    holder[first], holder[second] = holder[second], holder[first]
    return f"{one}: {first} and {second} changed places"


OF_ONE_NODE: tuple[Mutation, ...] = (command, node_text, rename_device, link, packages, record, more_files, secret)
"""Those that touch one node at a time."""

MUTATIONS: tuple[Mutation, ...] = (
    *OF_ONE_NODE, command, link, rename_device, api, running_config, seen, definition_text, definition_text, splice,
    fewer_files, sections, sections, properties, properties, properties, rename_object, membership, cluster, exchange,
)  # fmt: skip
"""All, as often as they are to be taken."""
