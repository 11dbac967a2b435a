"""PVE's part of a cluster: members, /etc/pve, and the API over HTTPS. Its nodes are whatever is admitted."""

from __future__ import annotations

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import SecretStr

from pvesdn.model.api_settings import ApiSettings
from pvesdn_lab.simulated.character import CHARACTERS
from pvesdn_lab.simulated.host import Host
from pvesdn_lab.simulated.pki import Certificate, PveCa
from pvesdn_lab.simulated.pmxcfs import MemberState, Pmxcfs
from pvesdn_lab.simulated.pve_sim import PveSim
from pvesdn_lab.simulated.world import LabWorld

PASSWORD = "root-of-the-lab"  # noqa: S105 - of a cluster that exists only in a folder
GRANTS = (("/", "Sys.Audit"), ("/nodes", "Sys.Modify"), ("/sdn", "SDN.Audit"), ("/sdn", "SDN.Allocate"))
"""What pvesdn's token needs, and no more: privileges with their ACL paths."""
HOST = "127.0.0.1"
START_SECONDS = 30
LOOKS = 1.0
"""Seconds between two looks at the locks, and at what pmxcfs counts."""

Result = TypeVar("Result")


class SimulatedPve:
    """PVE without nodes, which are admitted one by one; as a context manager it serves its API.

    :param folder: ``pve`` below it is the shared file system.
    :param character: 7, 8 or 9: which PVE it behaves like.
    :param api_node: the node whose API answers, a member sooner or later.
    """

    def __init__(self, folder: Path, name: str, *, api_node: str, character: int = 9) -> None:
        # The node program refuses links that lead out of a node's folder, so the folder is its real self.
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder.resolve()
        self.world = LabWorld(name, CHARACTERS[character], Pmxcfs(self.folder / "pve"), api_node)
        self.ca = PveCa(self.folder / "pve")
        self.sim = PveSim(self.world, password=PASSWORD)
        self._server: _Server | None = None
        self._tokens: dict[str, SecretStr] = {}

    # -------------------------------------------------------------------------------------------------- members

    def is_online(self, node: str) -> bool:
        """Whether the member is there to be asked."""
        return self.world.members[node].is_online

    def admit(self, node: Host, address: str, *, is_online: bool = True) -> None:
        """Let a node join.

        :param address: the one its name resolves to, without prefix length.
        :param is_online: its /etc/pve is there and can be written.
        """
        number = 1 + max((member.node_id for member in self.world.members.values()), default=0)
        self.world.members[node.name] = MemberState(number, address, is_online=is_online)
        self.world.hosts[node.name] = node
        self._membership_changed()

    def leave(self, node: str) -> None:
        """`node` leaves the cluster for good."""
        del self.world.members[node], self.world.hosts[node]
        self._membership_changed()

    def go_offline(self, node: str) -> None:
        """The member's API answers 595 from now on; it stays a member."""
        self.world.members[node].is_online = False
        self._membership_changed()

    def come_online(self, *nodes: str) -> None:
        """These members can be asked from now on."""
        for node in nodes:
            self.world.members[node].is_online = True
        self._membership_changed()

    def lose_quorum(self) -> None:
        """The API node is on the smaller side: reads work, writes fail."""
        self.world.is_quorate = False
        self._membership_changed()

    def regain_quorum(self) -> None:
        """Undo `lose_quorum`."""
        self.world.is_quorate = True
        self._membership_changed()

    def _membership_changed(self) -> None:
        world = self.world
        mounts = {name: node.path("/etc/pve") for name, node in world.hosts.items()}
        world.pmxcfs.publish(mounts, world.members, cluster=world.name, is_quorate=world.is_quorate)
        self.count_changes()
        self.sim.follow_members()

    def _tick(self) -> None:
        self.world.pmxcfs.end_locks(time.monotonic())
        with suppress(OSError):  # a node that loses its power in this moment
            self.count_changes()

    def count_changes(self) -> None:
        """Have the nodes' `.version` tell of what has changed, as pmxcfs does; where the API is served, that is done
        once a second.
        """
        world = self.world
        on = [world.hosts[name] for name, member in [*world.members.items()] if member.is_online]
        world.pmxcfs.count([node.path("/etc/pve") for node in on])

    # ---------------------------------------------------------------------------------------------- definitions

    def write_sdn(self, name: str, text: str) -> None:
        """Put a file into /etc/pve/sdn, such as ``pvesdn.cfg``."""
        (self.world.pmxcfs.sdn / name).write_text(text, "utf-8")

    def read_sdn(self, name: str) -> str | None:
        """A file of /etc/pve/sdn; None when it is absent."""
        path = self.world.pmxcfs.sdn / name
        return path.read_text("utf-8") if path.is_file() else None

    # ------------------------------------------------------------------------------------------------------ API

    def __enter__(self) -> Self:
        self.serve()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut_down()

    def serve(self, certificate: Certificate | None = None) -> None:
        """Serve the API on a free port of the loopback.

        :param certificate: another one than the node's own, to see clients refuse it.
        """
        self.certificate = certificate or self.ca.issue(self.world.api_node, (HOST, "::1", "localhost"))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate.certificate, self.certificate.key)
        self._server = _Server(self.sim, context, self._tick)

    def shut_down(self) -> None:
        """Stop serving; the folder stays as it is."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def wait_for_tasks(self, seconds: float | None = None) -> bool:
        """Come back when no task of the API runs any more, after `seconds` in any case.

        The result is whether there was a task to wait for.
        """
        return self._server is not None and self._server.wait(seconds)

    def token_settings(self, *grants: tuple[str, str], user: str = "pvesdn@pve", **changes: Any) -> ApiSettings:
        """Settings with an API token, trusting the cluster's CA.

        :param grants: (path, privilege) pairs that the token has, and nothing else; without any those of `GRANTS`.
        :param changes: other values for fields of `ApiSettings`.
        """
        name = "lab" if not grants else f"lab{len(self._tokens)}"
        identity, _, value = self.token(user, name).partition("=")
        self.restrict(identity, grants or GRANTS)
        fields = {"user": user, "token_name": name, "token_value": SecretStr(value)}
        return self._settings({**fields, **changes})

    def restrict(self, identity: str, grants: Iterable[tuple[str, str]]) -> None:
        """Let a token have these (path, privilege) pairs from now on, and no other."""
        self.sim.acl = {**(self.sim.acl or {}), identity: []}
        for path, privilege in grants:
            self.sim.grant(identity, path, privilege)

    def password_settings(self, **changes: Any) -> ApiSettings:
        """Settings with root's password, trusting the cluster's CA."""
        return self._settings({"user": "root@pam", "password": SecretStr(PASSWORD), **changes})

    def _settings(self, fields: Mapping[str, Any]) -> ApiSettings:
        common = {
            "backend": "https",
            "host": HOST,
            "port": self.sim.port,
            "ca_file": str(self.ca.file),
            "timeout": 20.0,
        }
        return ApiSettings.model_validate({**common, **fields})

    def token(self, user: str, name: str) -> str:
        """``ID=SECRET`` of a token, made when it is first asked for."""
        identity = f"{user}!{name}"
        secret = self._tokens.setdefault(identity, SecretStr(f"secret-of-{name}-{len(self._tokens)}"))
        self.sim.apitokens[identity] = secret.get_secret_value()
        return f"{identity}={secret.get_secret_value()}"


class _Server:
    """The simulated API on an event loop in a thread of its own.

    :param tick: what pmxcfs does once a second meanwhile.
    """

    def __init__(self, sim: PveSim, context: ssl.SSLContext, tick: Callable[[], object]) -> None:
        self._sim = sim
        self._tick = tick
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulated-pve", daemon=True)
        self._thread.start()
        try:
            self._call(sim.start_tls(context))
            self._ticks = asyncio.run_coroutine_threadsafe(self._go_on(), self._loop)
        except BaseException:
            self._end()
            raise

    def stop(self) -> None:
        try:
            self._call(self._sim.stop())
            self._call(_settled())
        finally:
            self._end()

    def wait(self, seconds: float | None) -> bool:
        return self._call(self._sim.idle(seconds))

    async def _go_on(self) -> None:
        while True:
            await asyncio.sleep(LOOKS)
            self._tick()

    def _call(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(START_SECONDS)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_SECONDS)
        self._loop.close()


async def _settled() -> None:
    """End what still hangs about, so that the loop can be closed."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)  # aborted connections are closed in the next round
