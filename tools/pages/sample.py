"""The cluster that the pages speak of: node1, node2 and node3 with nothing configured, as a
snapshot with definitions.
"""

from __future__ import annotations

import contextlib
import io
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pvesdn.cli.app import run

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = ROOT / "tests" / "golden" / "several-exits" / "snapshot"
"""Three nodes, 192.168.0.1 to .3 on vmbr0 (MTU 1550), eno2 free."""
PANEL = {
    "zones.cfg": "simple: lan\n\tmtu 1450\n\nsimple: dmz\n\tmtu 1400\n",
    "vnets.cfg": "vnet: web\n\tzone lan\n\nvnet: guests\n\tzone dmz\n",
    "subnets.cfg": "subnet: lan-10.0.2.0-24\n\tvnet web\n\tgateway 10.0.2.254\n",
}
"""What is drawn in PVE's panel, where definitions carry a zone of PVE's."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A snapshot folder with definitions, and the files that pvesdn renders from it.

    :param snapshot: the folder.
    :param rendered: `rendered/NODE` is below the root of each node.
    """

    snapshot: Path
    rendered: Path

    @classmethod
    def made(cls, folder: Path, definitions: str) -> Sample:
        """A sample below `folder`, whose former content goes."""
        sample = cls(folder / "snapshot", folder / "rendered")
        for old in (sample.snapshot, sample.rendered):
            shutil.rmtree(old, ignore_errors=True)
        shutil.copytree(SNAPSHOT, sample.snapshot)
        (sample.snapshot / "etc/pve/sdn/pvesdn.cfg").write_text(definitions)
        for name, text in PANEL.items() if "\tcarries " in definitions else ():
            (sample.snapshot / "etc/pve/sdn" / name).write_text(text)
        return sample

    def render(self) -> None:
        """Write every node's files.

        :raises ValueError: pvesdn refuses the definitions; its complaint is the message.
        """
        if not self.rendered.exists():
            printed, status = self._call("render", "--output", str(self.rendered))
            if status:
                raise ValueError(printed)

    def text(self, node: str, path: str) -> str:
        """A rendered file; empty where the node gets none."""
        self.render()
        file = self.rendered / node / path.lstrip("/")
        return file.read_text() if file.is_file() else ""

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(sorted(path.name for path in (self.snapshot / "nodes").iterdir()))

    def typed(self, line: str) -> str:
        """What a command prints: ``$ pvesdn ...`` on the snapshot, or ``NODE# cat`` and ``sed`` on a rendered file.

        :raises ValueError: the line is none of these.
        """
        prompt, _, command = line.partition(" ")
        words = shlex.split(command)
        match prompt, words:
            case "$", ["pvesdn", *arguments]:
                return self._call(*arguments)[0]
            case _, ["cat" | "sed", *arguments, path] if prompt.rstrip("#") in self.nodes:
                self.render()
                file = self.rendered / prompt.rstrip("#") / path.lstrip("/")
                return subprocess.run(
                    [words[0], *arguments, file], capture_output=True, text=True, check=True, timeout=60
                ).stdout
            case _:
                raise ValueError(f"cannot run: {line}")

    def _call(self, *arguments: str) -> tuple[str, int]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = run([*arguments, "--no-color", "--from", str(self.snapshot)], environ={})
        return out.getvalue(), status
