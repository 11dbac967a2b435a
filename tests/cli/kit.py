"""Calls of the command line in this process, on a cluster in memory."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvesdn.adapters.snapshot_dir import write_snapshot
from pvesdn.cli.app import run
from pvesdn.workflows.read import read_cluster
from tests.documents import hold_against_schema
from tests.fakes import FakeCluster

UCAST = """\
vxlan: ucast

vnet: vmbr3
	zone ucast
	tag 3

"""


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass(frozen=True)
class Result:
    """How a call ended, and what it printed."""

    status: int
    out: str
    err: str


def call(
    *argv: str | Path,
    cluster: FakeCluster | None = None,
    environ: dict[str, str] | None = None,
    typed: str | None = None,
    terminal: Terminal | None = None,
    piped: bytes | None = None,
    out: io.StringIO | None = None,
    err: io.StringIO | None = None,
    local_node: str | None = None,
) -> Result:
    """One call of `pvesdn`.

    :param cluster: what the settings' cluster is; without one there must be none asked for.
    :param environ: with COLUMNS standard output is a terminal, without colours.
    :param typed: what a person types on a terminal; None is no terminal.
    :param terminal: the terminal itself.
    :param piped: what another program writes to standard input.
    :param out: where standard output goes; the same as `err` is one terminal for both.
    :param local_node: the node that the call is made on.
    """

    def world(settings: Any, observer: Any) -> Any:
        assert cluster is not None, "a cluster was asked for"
        return cluster.world(observer=observer, local_node=local_node)

    kept = sys.stdin, sys.stdout, sys.stderr
    environ = environ or {}
    if out is None and "COLUMNS" in environ:
        out, environ = Terminal(), {"NO_COLOR": "1", **environ}
    stdout, stderr = out or io.StringIO(), err or io.StringIO()
    stdin: io.TextIOBase = terminal or (io.StringIO() if typed is None else Terminal(typed))
    if piped is not None:
        stdin = io.TextIOWrapper(io.BytesIO(piped), encoding="utf-8")
    sys.stdin, sys.stdout, sys.stderr = stdin, stdout, stderr
    try:
        status = run([str(word) for word in argv], environ=environ, build_world=world)
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept
    hold_against_schema(stdout.getvalue(), status)
    return Result(status, stdout.getvalue(), stderr.getvalue())


def settings_file(folder: Path, text: str = "") -> Path:
    """Settings of a machine that is a node."""
    file = folder / "pvesdn.toml"
    file.write_text(f'[api]\nbackend = "local"\n{text}')
    return file


def snapshot_of(cluster: FakeCluster, folder: Path) -> Path:
    """A snapshot of `cluster` in `folder`."""
    write_snapshot(folder, read_cluster(cluster.world()))
    return folder
