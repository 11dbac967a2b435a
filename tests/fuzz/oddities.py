"""Odd words, values and names: what programs, people and broken disks have put where something else was expected."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

DEVICES = (
    "0net", "_up", "eth+1", "a@b", "en:1", "bond0.100", "é1", "网卡", "-x", "x" * 15, "x" * 16, ".", "..", "a;b", "$(x)",
    "a'b", 'a"b', "#x", "%d", "!x", "vmbr0", "lo", "all", "vxlan_web", "enp0s31f6", "1", "\\", "a|b", "a`b",
)  # fmt: skip
"""Names of devices; the kernel takes most of them, and all but a few have been seen."""

WORDS = (
    "", " ", "0", "1", "-1", "00", "01", "+1", "1.5", "1e9", "0x10", "NaN", "Infinity", "null", "none", "true", "off", "x",
    "²", "１２", "٣", "9" * 5000, "1" * 19, "4294967295", "4294967296", "16777214", "16777215", "16777216",
    "18446744073709551616", "65535:65535", "a" * 5000, "é", "é" * 300, "\ud800", "\udcff", "a\udfffb", "\0", "\x1b[2J",
    "\x1b]0;x\x07", "\r", "\n", "\t", "\x0b", "\x0c", "\x1c", "\x85", "\xa0", "\u2028", "\u202e", "\ufeff", "\u200b",
    "#", "!", "%", "\\", "'", '"', "{", "}", "[", "]", ",", ",,", ";", ":", "/", "..", "../x", "/etc/passwd", "*", "?",
    "$(x)", "`x`", "${x}", "{{ x }}", "{% x %}", "%s", "%n", "-", "--", "_", ".", "a b", "a,b", "a;b", "a=b", "a:b",
    "::", "::1", "fe80::1", "fe80::1%eno1", "::ffff:10.0.0.1", "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1",
    "ff02::1", "10.0.0.1", "10.0.0.256", "10.0.0", "010.0.0.1", "10.0.0.1/24", "10.0.0.0/33", "0.0.0.0/0", "::/0",
    "2001:DB8::1", "2001:db8:0:0:0:0:0:1/64", "192.168.0.1", "192.168.0.2", "192.168.0.0/24", "fd00::1/64",
    "BC:24:11:00:00:01", "bc:24:11:00:00:01", "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "node1", "node9", "NODE1", "vmbr0",
    "eno1", "web", "sym", "main", "evpn", "vxlan", "simple", "default", "unicast", "49.0001.1921.6800.0001.00",
    "router bgp 65000", "exit-vrf", "exit", "end", "auto x", "iface x", "source /etc/passwd", "! --- pvesdn: begin ---",
    "! --- pvesdn: end ---", "#version:99999999999999999999999", "#version:-1", "#version:x", "name=eno1", "name=", "=",
)  # fmt: skip
"""Words of any kind, for any place that holds text."""

NUMBERS = (
    0,
    1,
    -1,
    2,
    67,
    68,
    1279,
    1280,
    1500,
    9000,
    65535,
    65536,
    2**24,
    2**31,
    2**32,
    2**63,
    2**64,
    10**30,
    10**4200,
)


def value(rng: random.Random) -> Any:
    """Anything that JSON can hold."""
    makers: tuple[Callable[[], Any], ...] = (
        lambda: rng.choice((None, True, False)),
        lambda: rng.choice(NUMBERS),
        lambda: rng.choice((0.0, -0.5, 1.5, 1e300, float("nan"), float("inf"), float("-inf"))),
        lambda: rng.choice(([], {}, [[]], [{}], [None], {"": None}, {"\ud800": 1})),
        lambda: nested(rng.choice((3, 50, 300, 950)), as_list=rng.random() < 0.5),
        lambda: [rng.choice(WORDS) for _ in range(rng.randrange(1, 4))],
        lambda: {rng.choice(WORDS): rng.choice(WORDS) for _ in range(rng.randrange(1, 4))},
        lambda: rng.choice(DEVICES),
        lambda: rng.choice(WORDS),
        lambda: rng.choice(WORDS),
    )
    return rng.choice(makers)()


def nested(depth: int, *, as_list: bool) -> Any:
    """A value inside `depth` others."""
    found: Any = 1
    for _ in range(depth):
        found = [found] if as_list else {"a": found}
    return found


def retyped(given: Any, rng: random.Random) -> Any:
    """The same, as another type would hold it."""
    options: list[Any] = [[given], {"a": given}, None]
    match given:
        case bool():
            options += [int(given), str(int(given)), str(given).lower()]
        case int():
            options += [
                str(given),
                float(given) if abs(given) < 2**60 else 0.5,
                bool(given),
                -given,
                given * 10**20 if abs(given) < 10**100 else 0,
            ]
        case str():
            options += [len(given), given.upper(), given.swapcase(), f" {given} ", given + given, given * 400]
            options += [int(given)] if given.isdecimal() and len(given) < 4000 else []
        case list():
            options += [{str(number): item for number, item in enumerate(given)}, given[0] if given else 0, given * 2]
        case dict():
            options += [list(given), list(given.values()), str(given)]
    return rng.choice(options)


def spoiled(text: str, rng: random.Random) -> str:
    """The text with something odd put in, exchanged or cut out."""
    at = rng.randint(0, len(text))
    end = rng.randint(at, min(len(text), at + 8))
    return text[:at] + rng.choice(WORDS) + text[end:]
