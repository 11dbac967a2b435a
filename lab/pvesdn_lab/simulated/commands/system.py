"""The kernel's settings and the packages of a simulated node: sysctl and dpkg-query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.state import below, read_json
from pvesdn_lab.simulated.commands.streams import complain, say

_IP_FORWARD = "net/ipv4/ip_forward"
_ALL_FORWARD = re.compile(r"net/(ipv4|ipv6)/conf/all/forwarding")


def sysctl(root: Path, arguments: Sequence[str]) -> int:
    """``sysctl -p FILE`` and ``sysctl -w KEY=VALUE``: writes the files below proc/sys; an unknown key is an error, as
    in the kernel, unless a dash before it says that it may fail.
    """
    words = [word for word in arguments if not word.startswith("-")]
    status = 0
    for word in words:
        path = below(root, word)
        if "-w" not in arguments and not path.is_file():
            complain(f'sysctl: cannot open "{word}": No such file or directory\n')
            return 1
        for line in [word] if "-w" in arguments else path.read_text("utf-8").splitlines():
            text = line.strip()
            if text and not text.startswith(("#", ";")):
                status = max(status, _set(root, text))
    return status


def _set(root: Path, text: str) -> int:
    key, separator, value = (word.strip() for word in text.partition("="))
    if not separator:
        complain(f"sysctl: {text}: invalid syntax, continuing...\n")
        return 0
    may_fail, key = key.startswith("-"), key.removeprefix("-")
    path = key if "/" in key else key.replace(".", "/")
    target = root / "proc/sys" / path
    if not target.is_file():
        complain(f"sysctl: cannot stat /proc/sys/{path}: No such file or directory\n")
        return 0 if may_fail else 1
    target.write_text(f"{value}\n", "utf-8")
    say(f"{key} = {value}\n")
    _follow(root, path, value)
    return 0


def _follow(root: Path, path: str, value: str) -> None:
    """What the kernel sets beside it: IPv4's two names for one switch, and all devices with `all`."""
    family = _ALL_FORWARD.fullmatch(path)
    if path == _IP_FORWARD or family:
        folder = root / "proc/sys/net" / (family[1] if family else "ipv4") / "conf"
        for switch in folder.glob("*/forwarding"):
            switch.write_text(f"{value}\n", "utf-8")
    twin = root / "proc/sys" / _IP_FORWARD
    if family and family[1] == "ipv4" and twin.is_file():
        twin.write_text(f"{value}\n", "utf-8")


def dpkg_query(root: Path, arguments: Sequence[str]) -> int:
    """``dpkg-query -W [-f FORMAT] PACKAGE...`` from `<root>/state/versions.json`."""
    versions: dict[str, str] = read_json(root, "versions", {})
    template, packages, words = "${binary:Package}\t${Version}\n", [], iter(arguments)
    for word in words:
        if word in {"-f", "--showformat"}:
            template = next(words)
        elif word.startswith(("-f=", "-f", "--showformat=")) and word not in {"-W", "--show"}:
            template = word.partition("=")[2] if "=" in word.split("$", 1)[0] else word[2:]
        elif not word.startswith("-"):
            packages.append(word)
    template = template.replace("\\n", "\n").replace("\\t", "\t")
    answer = ""
    for package in packages:
        if package in versions:
            fields = {"Package": package, "binary:Package": package, "Version": versions[package]}
            fields |= {"Status": "install ok installed", "db:Status-Abbrev": "ii ", "db:Status-Status": "installed"}
            answer += _filled(template, fields)
    say(answer)
    missing = [package for package in packages if package not in versions]
    complain("".join(f"dpkg-query: no packages found matching {package}\n" for package in missing))
    return 1 if missing else 0


def _filled(template: str, fields: dict[str, str]) -> str:
    return re.sub(r"\$\{([\w:-]+)\}", lambda match: fields.get(match[1], ""), template)
