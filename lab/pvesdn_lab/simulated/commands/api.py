"""A pvesh that asks the simulated API."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.state import read_json
from pvesdn_lab.simulated.commands.streams import complain, say

_BAD_PARAMETER = 400
_NOT_IMPLEMENTED = 501
_METHODS = {"get": "GET", "set": "PUT", "create": "POST", "delete": "DELETE"}


def pvesh(root: Path, arguments: Sequence[str]) -> int:
    """``pvesh get|set|create|delete PATH [--key value...] --output-format json``, over the simulated API as root."""
    api: dict[str, str] | None = read_json(root, "api", None)
    if api is None:
        complain("ipcc_send_rec[1] failed: Connection refused\n")
        return 255
    method, path = _METHODS[arguments[0]], arguments[1]
    words = zip(arguments[2::2], arguments[3::2], strict=False)
    # An array is an option that is given several times.
    pairs = [(key.lstrip("-"), value) for key, value in words if key != "--output-format"]
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
            say(json.dumps(json.load(answer)["data"]) + "\n")
    except urllib.error.HTTPError as error:
        complain(_complaint(method, path, error))
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
