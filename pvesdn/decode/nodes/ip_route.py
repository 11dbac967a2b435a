"""The `ip route add` that people write after `post-up`, read as iproute2 reads it (ip-route(8)). Nothing here raises.

What the shell would do with its result (`|| true`, `2>/dev/null`) changes nothing about the route.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from itertools import takewhile

from pvesdn.model.hand_written import Hop, IpRoute
from pvesdn.model.primitives import as_address

_VERBS = frozenset({"add", "append", "replace", "change", "prepend"})
_KINDS = frozenset({"unicast", "unreachable", "blackhole", "prohibit"})
_NEW_HOP = "nexthop"
_ENDS = frozenset({"||", "&&", ";", "|"})
_REDIRECTION = re.compile(r"[0-9]?>")
_IGNORED_WITH_VALUE = frozenset(
    {"metric", "proto", "protocol", "scope", "src", "weight", "table", "preference", "pref"}
)
_IPV4, _IPV6 = 4, 6


def read_ip_route(command: str) -> IpRoute | None:
    """What a command adds to a routing table; None when it is another command, or one that is not understood."""
    words = list(takewhile(lambda word: word not in _ENDS and not _REDIRECTION.match(word), command.split()))
    family = 0
    if not words or words.pop(0).rpartition("/")[2] != "ip":
        return None
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag not in ("-4", "-6"):
            return None
        family = int(flag[1:])
    if len(words) < 2 or not "route".startswith(words[0]) or words[1] not in _VERBS:  # noqa: PLR2004 - `route add`
        return None
    return _Route(words[2:], family).read()


class _Route:
    """The words after `ip route add`."""

    def __init__(self, words: list[str], family: int) -> None:
        self._words = words
        self._family = family
        self._kind = "unicast"
        self._destination = ""
        self._vrf: str | None = None
        self._hops: list[Hop] = []
        self._via: str | None = None
        self._device: str | None = None

    def read(self) -> IpRoute | None:
        while self._words:
            if not self._word(self._words.pop(0)):
                return None
        self._end_hop()
        if not self._destination:
            return None
        family = self._family or self._guess()
        return IpRoute(self._kind, self._destination, family, tuple(self._hops), self._vrf)

    def _word(self, word: str) -> bool:
        if word in _KINDS:
            self._kind = word
        elif word == "onlink":
            pass
        elif word == _NEW_HOP:
            self._end_hop()
        elif word in ("via", "dev", "vrf", "to") or word in _IGNORED_WITH_VALUE:
            return self._with_value(word)
        elif not self._destination:
            return self._to(word)
        else:
            return False
        return True

    def _with_value(self, word: str) -> bool:
        if not self._words:
            return False
        value = self._words.pop(0)
        if word == "via":
            if value in ("inet", "inet6") and self._words:
                value = self._words.pop(0)
            self._via = value
            return _version(value) is not None
        if word == "dev":
            self._device = value
        elif word == "vrf":
            self._vrf = value
        elif word == "to":
            return self._to(value)
        return True

    def _to(self, word: str) -> bool:
        try:
            network = None if word == "default" else ip_network(word, strict=False)
        except ValueError:
            return False
        if network is not None:
            self._family = network.version
        is_default = network is None or network.prefixlen == 0
        self._destination = "default" if is_default else str(network)
        return True

    def _end_hop(self) -> None:
        if self._via is not None or self._device is not None:
            self._hops.append(Hop(self._via, self._device))
        self._via = self._device = None

    def _guess(self) -> int:
        """`default` alone does not say its family: the gateways do."""
        found = {_version(hop.via) for hop in self._hops if hop.via is not None}
        return _IPV6 if found == {_IPV6} else _IPV4


def _version(text: str) -> int | None:
    address = as_address(text)
    return None if address is None else address.version
