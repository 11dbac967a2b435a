"""Files of settings: /etc/frr/daemons, sysctl.d(5), and our drop-ins for PVE's dnsmasq."""

from __future__ import annotations

import re

from pvesdn.decode.secrets.veil import Veil, hide_comment, is_address, is_name, is_number

_MARK = "# Written by pvesdn from /etc/pve/sdn/pvesdn.cfg."
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]{0,40}[ \t]*=)")
_SETTING = re.compile(r"([ \t]*-?[a-z][A-Za-z0-9_./-]{1,120}[ \t]*=)")
_WORD = re.compile(r"[^\s\"']+")
_SWITCHES = frozenset({"yes", "no", "true", "false"})
_OPTION = re.compile(r"-[A-Za-z]|--[a-z][a-z_-]{1,30}")
_SECRET = ("secret", "key", "pass", "token", "psk", "pwd")
_VRF = "vrf_[A-Za-z0-9]{1,8}"
_DROP_IN = re.compile(
    r"# Written by pvesdn from /etc/pve/sdn/pvesdn\.cfg\. Changes made here are lost: edit that file, then `pvesdn apply`\.|"
    r"\[Unit\]|\[Service\]|(?:After|PartOf)=networking\.service|ExecStart=|"
    r"# PVE restarts the unit at each of its reloads: without the VRF it is left out, and the reload goes on\.|"
    r"# A restart of the network makes the VRF anew\.|"
    rf"ConditionPathExists=/sys/class/net/{_VRF}|"
    rf'ExecStart=/bin/ip vrf exec {_VRF} /usr/share/dnsmasq/systemd-helper exec "%i"'
)
"""Lines of our own; a file of that name has others where somebody has written it."""
_NUMBERED = re.compile(r"(?:[a-z0-9]+(?:_options|_wrap|_instances)|MAX_FDS|FRR_NO_ROOT|all_wrap)[ \t]*=")
"""Settings with a number in FRR's daemons file."""


def hide_daemons(text: str, veil: Veil) -> str:
    """FRR's /etc/frr/daemons: switches, and the options of the daemons."""
    return veil.each_line(text.split("\n"), _daemons)


def hide_sysctl(text: str, veil: Veil) -> str:
    """A file of kernel settings: numbers."""
    return veil.each_line(text.split("\n"), _sysctl)


def hide_drop_in(text: str, veil: Veil) -> str:
    """A drop-in for PVE's dnsmasq: whole lines of ours, and nothing of anybody else's."""
    return veil.each_line(text.split("\n"), _drop_in)


def hide_all(text: str, veil: Veil) -> str:
    """A file of unknown content."""
    return veil.each_line(text.split("\n"), _every_word)


def _every_word(line: str, veil: Veil) -> str:
    return re.sub(r"\S+", lambda found: veil.hide(found[0]), line)


def _drop_in(line: str, veil: Veil) -> str:
    return line if _DROP_IN.fullmatch(line) else _every_word(line, veil)


def _daemons(line: str, veil: Veil) -> str:
    if line.lstrip().startswith("#"):
        return hide_comment(line, veil)
    found = _ASSIGNMENT.match(line)
    start = found.end() if found else 0
    state = {"before": ""}

    def clean(word: re.Match[str]) -> str:
        before, state["before"] = state["before"], word[0]
        if any(part in before.lower() for part in _SECRET):
            return veil.hide(word[0])
        if is_number(word[0]) and not (found and _NUMBERED.fullmatch(found[0])):
            return veil.hide(word[0])
        if found and (word[0] in _SWITCHES or is_number(word[0]) or is_address(word[0]) or _OPTION.fullmatch(word[0])):
            return word[0]
        if found and before in {"-M", "-A", "-u", "-g"} and is_name(word[0], 32):
            return word[0]
        return veil.hide(word[0])

    return line[:start] + _WORD.sub(clean, line[start:])


def _sysctl(line: str, veil: Veil) -> str:
    if line.lstrip().startswith(("#", ";")):
        return line if line.startswith(_MARK) else hide_comment(line, veil)
    found = _SETTING.match(line)
    start = found.end() if found and not any(word in found[0] for word in _SECRET) else 0
    return line[:start] + re.sub(
        r"\S+", lambda word: word[0] if start and is_number(word[0]) else veil.hide(word[0]), line[start:]
    )
