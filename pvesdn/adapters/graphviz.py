"""graphviz's `dot`, which lays pictures out."""

from __future__ import annotations

import os
from shutil import which

from pvesdn.adapters.command import CommandTimeoutError, TooMuchError, run
from pvesdn.errors import SettingsError

_SECONDS = 30.0
_SIZE = 8 << 20
"""Bytes of a drawing; that of 32 nodes and 200 VNets has 100 kB."""
_GRACE = 1.0


def is_installed() -> bool:
    """Whether there is a `dot` to be run."""
    return which("dot") is not None


def laid_out(graph: str) -> str:
    """A graph as SVG, as `dot` draws it.

    :raises SettingsError: there is no `dot`, or it has not drawn it.
    """
    try:
        done = run(
            ["dot", "-Tsvg"],
            surroundings=os.environ,
            message=graph.encode(),
            seconds=_SECONDS,
            size=_SIZE,
            grace=_GRACE,
        )
    except FileNotFoundError:
        raise SettingsError(
            "there is no program 'dot' to lay the picture out", hint="apt install graphviz, or use --format mermaid"
        ) from None
    except OSError as error:
        raise SettingsError(f"dot cannot be run: {error.strerror}", hint="use --format mermaid") from None
    except CommandTimeoutError:
        raise SettingsError(
            f"dot has not laid the picture out within {_SECONDS:g} s", hint="name a part with --zone, --vnet or --node"
        ) from None
    except TooMuchError:
        raise SettingsError(
            f"dot has drawn more than {_SIZE >> 20} MiB", hint="name a part with --zone, --vnet or --node"
        ) from None
    if done.status != 0:
        reason = " ".join(done.complaints.split())[:200] or f"exit status {done.status}"
        raise SettingsError(f"dot has not laid the picture out: {reason}", hint="use --format mermaid")
    return done.output.decode("utf-8", "replace")
