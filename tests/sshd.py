"""A real sshd on loopback for the life of a test: its own port, keys and known hosts, nothing of this machine's."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import SshHost

DEADLINE = 20.0
"""Seconds for sshd to listen on a busy machine."""


@dataclass(frozen=True)
class Sshd:
    """A running sshd.

    :param known_hosts: has its host key under the node's name.
    :param key: a private key that it accepts; `host_key` is its own.
    """

    node: str
    port: int
    key: Path
    host_key: Path
    known_hosts: Path

    def host(self) -> SshHost:
        """How to reach it."""
        return SshHost(
            "127.0.0.1",
            port=self.port,
            user=me().pw_name,
            identity_file=self.key,
            known_hosts_file=self.known_hosts,
        )


def me() -> pwd.struct_passwd:
    """Whoever runs the tests, which an sshd without root's rights must be too."""
    return pwd.getpwuid(os.geteuid())


def make_key(path: Path) -> Path:
    """A new key pair: `path` and `path`.pub."""
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


def free_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running_sshd(folder: Path, node: str, environment: Mapping[str, str], *, force_command: str = "") -> Iterator[Sshd]:
    """An sshd in `folder` that acts as `node`: sessions get `environment`, and run `force_command` instead of what is
    asked.
    """
    binary = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if binary is None or shutil.which("ssh") is None:
        pytest.skip("no OpenSSH here: apt install openssh-server openssh-client")
    if Path(me().pw_shell).name in {"nologin", "false"}:
        pytest.skip(f"{me().pw_name} has no login shell for sshd to start")
    folder.mkdir(parents=True)
    host_key, key = make_key(folder / "host_key"), make_key(folder / "id")
    shutil.copy(key.with_suffix(".pub"), folder / "authorized_keys")
    public = " ".join(host_key.with_suffix(".pub").read_text().split()[:2])
    (folder / "known_hosts").write_text(f"{node} {public}\n")
    if os.geteuid() == 0:
        # Where sshd gives up its rights; Debian's service makes it, and no service runs here.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    sshd = Sshd(node, free_port(), key, host_key, folder / "known_hosts")
    (folder / "config").write_text(_config(folder, sshd.port, environment, force_command))
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [binary, "-D", "-e", "-f", str(folder / "config")], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait(process, sshd.port, log)
        yield sshd
    finally:
        process.terminate()
        process.wait(timeout=DEADLINE)


def _config(folder: Path, port: int, environment: Mapping[str, str], force_command: str) -> str:
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    # Debian's bash reads ~/.bashrc in every session, and what people have there takes longer than the node program.
    own = {"PATH": path, "HOME": str(folder)}
    sets = " ".join(f'"{name}={value}"' for name, value in {**own, **environment}.items())
    lines = [
        f"ListenAddress 127.0.0.1:{port}",
        f"HostKey {folder / 'host_key'}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        "PidFile none",
        "StrictModes no",  # pytest's folders may be anybody's
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "PermitRootLogin prohibit-password",
        "UsePAM no",
        "KexAlgorithms curve25519-sha256",  # the one that ssh prefers takes five times the processor's time
        "AcceptEnv *",  # whatever a client sends: Debian's own takes LANG and LC_*
        f"SetEnv {sets}",
    ]
    return "\n".join([*lines, *([f"ForceCommand {force_command}"] if force_command else []), ""])


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    pytest.fail(f"sshd does not listen: {log.read_text(errors='replace')[-500:]}")
