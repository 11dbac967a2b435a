"""interfaces(5) as ifupdown2 and ifupdown read it, line by line: what may be shown of each."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from pvesdn.decode.nodes.interfaces import begins_something, is_auto
from pvesdn.decode.secrets.veil import (
    Veil,
    hide_comment,
    is_kernel_name,
    word_set,
)
from pvesdn.redact.attributes import ATTRIBUTES, WORD, is_pattern
from pvesdn.redact.hooks import hide_command
from pvesdn.redact.ovs import OVS, hide_ovs

HOOKS = frozenset({"up", "post-up", "pre-up", "down", "post-down", "pre-down"})

_MARKS = re.compile(
    r"#version:[0-9]{1,18}"
    r"|# [Ww]ritten by pvesdn(?: from /etc/pve/sdn/pvesdn\.cfg\. Changes made here are lost: edit that file, then `pvesdn apply`\.)?"
)
_CONTINUED = re.compile(r"\\\n")
_BLANKS = re.compile(r"(?:\s|\\\n)+")
_COMMENT = re.compile(r"\s#")
_SOURCE = re.compile(r"[A-Za-z0-9_./*?\[\]@+~-]{1,255}")
_FAMILY = re.compile(
    r"(?:wpa|wireless|bridge|bond|vxlan|vlan|ovs|ethtool|link|wireguard|wg|macsec|openvpn|tunnel|batman|mstpctl|ppp|dns|xfrm)"
    r"[_-][a-z_-]{1,40}"
)

_METHODS = word_set(
    """
    inet inet6 ipx can static manual dhcp loopback ppp tunnel v4tunnel 6to4 bootp auto wvdial inherits none
    """
)


def hide_interfaces(text: str, veil: Veil) -> str:
    """The text of an interfaces file with every value replaced that is not known to be harmless."""
    return veil.each_line(_logical(text), _clean)


def headers(text: str) -> Iterator[str]:
    """The names that an interfaces file gives to devices."""
    for line in text.split("\n"):
        keyword, *rest = line.split() or [""]
        if rest and keyword == "iface":
            rest = rest[:1]
        elif not is_auto(keyword):
            continue
        yield from (name for name in rest if is_kernel_name(name))


def _logical(text: str) -> Iterator[str]:
    """Lines, each with those that continue it."""
    held: list[str] = []
    for line in text.split("\n"):
        held.append(line)
        if not line.endswith("\\"):
            yield "\n".join(held)
            held = []
    if held:
        yield "\n".join(held)


def _clean(line: str, veil: Veil) -> str:
    found = WORD.search(line)
    if found is None:
        return line
    start, end = found.span()
    keyword = found[0]
    if keyword.startswith("#"):
        return line if _MARKS.fullmatch(line.strip()) else _hide_comment_lines(line, veil)
    lead, rest = line[:start], line[end:]
    if begins_something(keyword):
        return lead + _shown_opening(keyword, veil) + _each(rest, lambda word: _is_name(keyword, word), veil)
    return lead + _attribute(keyword, rest, veil)


def _attribute(keyword: str, rest: str, veil: Veil) -> str:
    # ifupdown2 treats underscores in option names as dashes.
    name = keyword.replace("_", "-")
    if name in HOOKS:
        return keyword + hide_command(rest, veil)
    if name == "alias" and rest.strip() in veil.aliases:
        return keyword + rest
    if name in OVS:
        return keyword + hide_ovs(rest, veil)
    checks = ATTRIBUTES.get(name)
    if checks is not None:
        return keyword + _each(rest, lambda word: veil.passes(word) or any(check(word) for check in checks), veil)
    shown = (
        keyword
        if name in {"alias", "script", "map", "description"} or _FAMILY.fullmatch(keyword)
        else veil.hide(keyword)
    )
    return shown + _whole(rest, veil)


def _shown_opening(keyword: str, veil: Veil) -> str:
    allow, sign, which = keyword.partition("allow-")
    if not sign or allow or is_kernel_name(which):
        return keyword
    return sign + veil.hide(which)


def _is_name(keyword: str, word: str) -> bool:
    if keyword.startswith("source"):
        return _SOURCE.fullmatch(word) is not None
    if keyword == "iface" and word in _METHODS:
        return True
    return is_kernel_name(word) or is_pattern(word)


def _each(rest: str, is_known: Callable[[str], bool], veil: Veil) -> str:
    """Each word by itself; what looks like a comment at the end of the line is one."""
    rest, comment = _without_comment(rest)
    cleaned = WORD.sub(lambda found: found[0] if is_known(found[0]) else veil.hide(found[0]), rest)
    return cleaned + hide_comment(comment, veil)


def _without_comment(rest: str) -> tuple[str, str]:
    found = _COMMENT.search(rest)
    return (rest[: found.start() + 1], rest[found.start() + 1 :]) if found and "\n" not in rest else (rest, "")


def _whole(rest: str, veil: Veil) -> str:
    """All words as one value; the lines that continue it stay, empty."""
    lead = _BLANKS.match(rest)
    begin = lead.end() if lead else 0
    value = rest[begin:]
    end = len(value.rstrip(" \t\r\n\\"))
    kept, tail = value[:end], value[end:]
    lines = _CONTINUED.findall(kept)
    return rest[:begin] + veil.hide(" ".join(WORD.findall(kept)) if lines else kept) + " \\\n" * len(lines) + tail


def _hide_comment_lines(line: str, veil: Veil) -> str:
    first, sign, more = line.partition("\\\n")
    return hide_comment(first, veil) + "".join(
        f"{sign}{hide_comment(part, veil) if part.strip() else part}" for part in (more.split("\\\n") if sign else ())
    )
