"""The composition root: settings to the world of a run, adapters chosen."""

from __future__ import annotations

import os
import pwd
import socket
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from pvesdn.adapters.nodes import LocalTransport, ProgramAgent, RoutedTransport, SshHost, SshTransport, Transport
from pvesdn.adapters.pve_api import PveApi
from pvesdn.adapters.runner import SideBySide
from pvesdn.adapters.system import SystemClock, ThreadPulse, last_written
from pvesdn.errors import SettingsError
from pvesdn.model.api_settings import ApiSettings
from pvesdn.model.primitives import Json, NodeName
from pvesdn.model.progress import Stopping
from pvesdn.ports import ClusterApi, Observer
from pvesdn.settings import NODE_MARK, LabSettings, Settings, SshSettings
from pvesdn.workflows.read import SDN_DIR, read_members
from pvesdn.workflows.world import World

AT_ONCE = 8
"""Nodes that are read or staged at the same time."""
ALL_AT_ONCE = 512
"""More than a cluster has: for calls that have to overlap, and whose answers are short."""


def build_world(settings: Settings, observer: Observer, *, node_mark: Path = NODE_MARK) -> World:
    """The world that `settings` describe. Asks nobody anything yet.

    :param node_mark: pmxcfs's link to the folder of the node this runs on.
    :raises SettingsError: the CA file or the simulated cluster's folder cannot be read.
    """
    api = PveApi(settings.api)
    local = _local_node(settings, node_mark)
    interrupted = partial(observer.tell, Stopping())
    return World(
        api=api,
        nodes=ProgramAgent(_transport(settings, api, local)),
        clock=SystemClock(),
        observer=observer,
        runner=SideBySide(AT_ONCE, interrupted),
        at_once=SideBySide(ALL_AT_ONCE, interrupted),
        local_node=local,
        pulse=ThreadPulse(),
        who=_who(settings.api),
        task_timeout=settings.apply.task_timeout,
        reloads_changed=settings.apply.reload == "changed",
        definitions_changed=partial(last_written, _root(settings, local) / SDN_DIR.lstrip("/")),
    )


def _who(api: ApiSettings) -> str:
    """The user or the token, without its secret, and this machine."""
    user = api.user or _login()
    token = f"!{api.token_name}" if api.token_name else ""
    return f"{user}{token} on {socket.gethostname()}"


def _login() -> str:
    """Who is logged in here; behind sudo both."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    behind = os.environ.get("SUDO_USER", "")
    return f"{behind} as {name}" if behind not in {"", name} else name


def local_root(settings: Settings) -> Path:
    """The file system of the node this runs on."""
    return _root(settings, settings.lab.local_node if settings.lab is not None else None)


def _root(settings: Settings, local: NodeName | None) -> Path:
    return settings.lab.folder / "nodes" / (local or "") if settings.lab is not None else Path("/")


def _local_node(settings: Settings, node_mark: Path) -> NodeName | None:
    """The node this runs on: known only where the API is that of this machine, for another cluster may use its name."""
    if settings.lab is not None:
        return settings.lab.local_node
    if settings.api.backend != "local":
        return None
    # pmxcfs makes it a link to nodes/<the node's name>.
    return node_mark.readlink().name if node_mark.is_symlink() else None


def _transport(settings: Settings, api: ClusterApi, local: NodeName | None) -> Transport:
    if settings.lab is not None:
        return LocalTransport(_lab_roots(settings.lab), limit=settings.ssh.timeout)
    remote = MembershipTransport(api, settings.ssh)
    if local is None:
        return remote
    return RoutedTransport({local: LocalTransport({local: None}, limit=settings.ssh.timeout)}, default=remote)


def _lab_roots(lab: LabSettings) -> dict[NodeName, Path | None]:
    nodes = lab.folder / "nodes"
    try:
        return {root.name: root for root in sorted(nodes.iterdir()) if root.is_dir()}
    except OSError as error:
        raise SettingsError(f"[lab] folder: {nodes}: {error.strerror}", hint="name a simulated cluster's") from None


class MembershipTransport:
    """SSH to the addresses that the cluster gives its members, asked for when first needed."""

    def __init__(self, api: ClusterApi, settings: SshSettings) -> None:
        self._api = api
        self._settings = settings
        self._ssh: SshTransport | None = None
        self._once = threading.Lock()

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program; see `Transport`.

        :raises ClusterError: the membership cannot be read.
        """
        with self._once:
            if self._ssh is None:
                self._ssh = self._connect()
        return self._ssh.ask(node, verb, arguments)

    def _connect(self) -> SshTransport:
        cluster = read_members(self._api)
        settings = self._settings
        hosts = {
            member.name: SshHost(
                address=str(member.address or ""),
                port=settings.port or 0,
                user=settings.user,
                identity_file=settings.identity_file,
                known_hosts_file=settings.known_hosts,
            )
            for member in cluster.members
        }
        return SshTransport(hosts, limit=settings.timeout, connect_limit=max(1, round(settings.connect_timeout)))
