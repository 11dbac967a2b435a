"""The node program over OpenSSH, with the keys and the known hosts that the cluster itself uses."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pvesdn.adapters.nodes import call
from pvesdn.errors import NodeUnreachable
from pvesdn.model.primitives import Json, NodeName
from pvesdn.node.boot import OPTIONS

CLUSTER_FILES = Path("/etc/pve")
"""Where PVE 8.2 and later keep ``nodes/NODE/ssh_known_hosts``, one file a node."""

COMMAND = shlex.join(["python3", *OPTIONS])

_SSH_FAILED = 255
_NOT_EXECUTABLE = (126, 127)

_QUIET = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "LogLevel=ERROR",
    "RequestTTY=no",
    "RemoteCommand=none",
    "ClearAllForwardings=yes",
    "ControlMaster=no",
    "ControlPath=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    "GSSAPIDelegateCredentials=no",
    "AddKeysToAgent=no",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "SetEnv=LC_ALL=C",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
)
"""Never ask, never learn a key, print failures only. Nothing in a user's ssh_config may change what runs on the node,
or lend the node an agent, a credential, a display, a tunnel or a variable of this machine. ssh uses the first SetEnv it
finds and ignores the others, so there is one; it also keeps messages in English. A dead connection is noticed after 15
s.
"""

CONFIG = Path(__file__).with_name("ssh_config")
"""Read by ssh instead of the user's and the system's files: includes both, then undoes SendEnv."""


@dataclass(frozen=True, slots=True)
class SshHost:
    """Where a node's sshd is.

    :param address: IP address or host name.
    :param port: TCP port; 0 leaves it to ssh's own configuration.
    :param user: login name, root on a node of PVE: the program writes below /etc.
    :param identity_file: a private key to offer besides ssh's own.
    :param known_hosts_file: host keys to accept besides the cluster's, under the node's name.
    """

    address: str
    port: int = 0
    user: str = "root"
    identity_file: Path | None = None
    known_hosts_file: Path | None = None


class SshTransport:
    """A transport over OpenSSH; one connection a call, none kept.

    :param hosts: where each node is.
    :param limit: seconds for one call; a reload of FRR may take minutes.
    :param connect_limit: seconds within which a connection must be made.
    :param cluster_files: the mount point of the cluster file system.
    :param config: the file that ssh reads as its configuration.
    """

    def __init__(
        self,
        hosts: Mapping[NodeName, SshHost],
        *,
        limit: float = 600.0,
        connect_limit: int = 10,
        cluster_files: Path = CLUSTER_FILES,
        config: Path = CONFIG,
    ) -> None:
        self._hosts = dict(hosts)
        self._limit = limit
        self._connect_limit = connect_limit
        self._cluster_files = cluster_files
        self._config = config

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program; see `agent.Transport`."""
        host = self._hosts.get(node)
        if host is None or not host.address or host.address.startswith("-"):
            hint = "the cluster gives the node no address: compare `pvecm status` with /etc/pve/.members"
            raise NodeUnreachable(node, "its address is not known", hint=hint)
        request = call.Call(node, verb, arguments)
        ending = call.run(request, self.argv(node, host), environment=os.environ, limit=self._limit)
        if not isinstance(ending, call.Ending):
            return ending
        words = call.last_line(ending.complaints)
        if ending.status in _NOT_EXECUTABLE:
            raise NodeUnreachable(
                node, f"python3 did not start: {words or 'not found'}", hint="apt install python3 on the node"
            )
        if ending.status != _SSH_FAILED:
            message = f"python3 did not run the node program: {words or f'exit status {ending.status}'}"
            raise NodeUnreachable(node, message, hint=request.aftermath)
        message, hint = explain(ending.complaints, node, host)
        raise NodeUnreachable(node, message, hint=hint or request.aftermath)

    def argv(self, node: NodeName, host: SshHost) -> list[str]:
        """The ssh command for a node."""
        options = [*_QUIET, f"ConnectTimeout={self._connect_limit}", f"HostKeyAlias={node}"]
        options += self._known_hosts(node, host)
        if host.identity_file is not None:
            options.append(f"IdentityFile={_word(host.identity_file)}")
        argv = ["ssh", "-F", str(self._config), *(part for option in options for part in ("-o", option))]
        if host.port:
            argv += ["-p", str(host.port)]
        return [*argv, "-l", host.user, "--", host.address, COMMAND]

    def _known_hosts(self, node: NodeName, host: SshHost) -> list[str]:
        """As PVE itself calls ssh: only the node's own file, else ssh's files, which have the cluster's keys too."""
        own = self._cluster_files / "nodes" / node / "ssh_known_hosts"
        extra = [_word(host.known_hosts_file)] if host.known_hosts_file else []
        if own.is_file():
            return [f"UserKnownHostsFile={' '.join([*extra, _word(own)])}", "GlobalKnownHostsFile=none"]
        return [f"UserKnownHostsFile={' '.join([*extra, '~/.ssh/known_hosts'])}"] if extra else []


def explain(complaints: str, node: NodeName, host: SshHost) -> tuple[str, str]:
    """What ssh's standard error means, and what to do about it; an empty hint for an unknown message."""
    login = f"ssh -o HostKeyAlias={node} {f'-p {host.port} ' if host.port else ''}{host.user}@{host.address}"
    for sign, hint in (
        (
            "HOST IDENTIFICATION HAS CHANGED",
            f"if the node was reinstalled, run `pvecm updatecerts` on it; compare with `{login}`",
        ),
        ("host key is known for", f"no host key is known under the name {node}: check its fingerprint with `{login}`"),
        ("Host key verification failed", f"check its host key with `{login}`"),
        (
            "Permission denied",
            f"the key is not accepted: try `{login}`, or name an identity file or a user in the settings",
        ),
        ("Too many authentication failures", "name the one identity file to use in the settings"),
        ("Connection refused", "is sshd running there, and on that port?"),
        ("kex_exchange_identification", "its sshd refuses connections: see `journalctl -u ssh` there"),
        # Halfway: what to do depends on what was asked, not on why the connection broke.
        ("client_loop", ""),
        ("Read from remote host", ""),
        ("timed out", "is the node up, and does a firewall let SSH through?"),
        ("No route to host", "is the node up, and does a firewall let SSH through?"),
        ("Network is unreachable", "is the node up, and does a firewall let SSH through?"),
        ("Could not resolve hostname", "a HostName or ProxyJump in ssh_config names a host that is not found"),
    ):
        line = next((line for line in complaints.splitlines() if sign in line), None)
        if line is not None:
            return f"ssh: {call.last_line(line).removeprefix('ssh: ').strip('@ ').rstrip('.!')}", hint
    return f"ssh: {call.last_line(complaints) or 'the connection closed without a message'}", ""


def _word(path: Path) -> str:
    """A path as one word of an ssh option, which has quotes and percent tokens of its own."""
    return '"{}"'.format(str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%"))
