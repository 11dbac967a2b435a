"""The rest of a simulated node: sysctl, dpkg-query, and a pvesh that asks the simulated API."""

from __future__ import annotations

import json
import re
import ssl
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from pvesdn.lab.commands.state import below, read_json

_BAD_PARAMETER = 400
_NOT_IMPLEMENTED = 501
_METHODS = {"get": "GET", "set": "PUT", "create": "POST", "delete": "DELETE"}


def sysctl(root: Path, arguments: Sequence[str]) -> int:
    """``sysctl -p FILE``: writes the files below proc/sys; an unknown key is an error, as in the kernel."""
    words = [word for word in arguments if not word.startswith("-")]
    status = 0
    for word in words:
        for line in below(root, word).read_text("utf-8").splitlines():
            key, separator, value = line.partition("=")
            key, value = key.strip(), value.strip()
            if not separator or key.startswith(("#", ";")):
                continue
            target = root / "proc/sys" / key.replace(".", "/")
            if not target.is_file():
                sys.stderr.write(f"sysctl: cannot stat /proc/sys/{key.replace('.', '/')}: No such file or directory\n")
                status = 255
                continue
            target.write_text(f"{value}\n", "utf-8")
            sys.stdout.write(f"{key} = {value}\n")
    return status


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
    for package in packages:
        if package in versions:
            fields = {"Package": package, "binary:Package": package, "Version": versions[package]}
            fields |= {"Status": "install ok installed", "db:Status-Abbrev": "ii ", "db:Status-Status": "installed"}
            sys.stdout.write(_filled(template, fields))
    missing = [package for package in packages if package not in versions]
    sys.stderr.write("".join(f"dpkg-query: no packages found matching {package}\n" for package in missing))
    return 1 if missing else 0


def _filled(template: str, fields: dict[str, str]) -> str:
    return re.sub(r"\$\{([\w:-]+)\}", lambda match: fields.get(match[1], ""), template)


def pvesh(root: Path, arguments: Sequence[str]) -> int:
    """``pvesh get|set|create|delete PATH [--key value...] --output-format json``, over the simulated API as root."""
    api: dict[str, str] | None = read_json(root, "api", None)
    if api is None:
        sys.stderr.write("ipcc_send_rec[1] failed: Connection refused\n")
        return 255
    method, path = _METHODS[arguments[0]], arguments[1]
    pairs = {key.lstrip("-"): value for key, value in zip(arguments[2::2], arguments[3::2], strict=False)}
    pairs.pop("output-format", None)
    url, data = f"{api['url']}/api2/json/{path.strip('/')}", None
    if method in {"GET", "DELETE"}:
        url += f"?{urllib.parse.urlencode(pairs)}" if pairs else ""
    else:
        data = urllib.parse.urlencode(pairs).encode()
    request = urllib.request.Request(url, data, {"Authorization": api["authorization"]}, method=method)  # noqa: S310 - https, ours
    try:
        context = ssl.create_default_context(cafile=api["ca_file"])
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # PVE's CA has no keyUsage
        with urllib.request.urlopen(request, context=context) as answer:  # noqa: S310
            sys.stdout.write(json.dumps(json.load(answer)["data"]) + "\n")
    except urllib.error.HTTPError as error:
        sys.stderr.write(_complaint(method, path, error))
        return 255 if error.code != _BAD_PARAMETER else 2
    return 0


def _complaint(method: str, path: str, error: urllib.error.HTTPError) -> str:
    """What pvesh prints for an error of the API: the message, then one line for each parameter."""
    if error.code == _NOT_IMPLEMENTED:
        verb = next(verb for verb, name in _METHODS.items() if name == method)
        return f"No '{verb}' handler defined for '{path}'\n"
    body = json.loads(error.read() or b"{}")
    lines = [str(body.get("message", error.reason)).strip()]
    lines += [f"{key}: {text}" for key, text in (body.get("errors") or {}).items()]
    return f"{error.code} " * (error.code == _BAD_PARAMETER) + "\n".join(lines) + "\n"
