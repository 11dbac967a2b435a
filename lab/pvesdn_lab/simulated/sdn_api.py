"""PVE's endpoints of SDN, of the bridges for guests, and of network reload: /cluster/sdn, and /nodes/{node}/network."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from fakepve import PveError

from pvesdn_lab.simulated import sdn_config, sdn_fabrics, sdn_objects
from pvesdn_lab.simulated.bridge_list import any_bridge
from pvesdn_lab.simulated.reload import FRR_CONF, SDN_FILE, reload_network, running_has_frr
from pvesdn_lab.simulated.world import LabWorld

Log: TypeAlias = Callable[[str], None]
Values: TypeAlias = dict[str, Any]
Work: TypeAlias = Callable[[Log], Awaitable[None]]
Handler: TypeAlias = Callable[[Values, str], Awaitable[Any]]
"""Takes the parameters and the user."""


class Api(Protocol):
    """What these endpoints need of the API that they are part of."""

    tasks: dict[str, Values]

    def need_quorum(self) -> None:
        """Refuse to write without a quorum."""

    def allowed(self, user: str, path: str, privilege: str) -> bool:
        """Whether a user has a privilege on a path."""

    def start_worker(self, node: str, kind: str, ident: str, user: str, work: Work) -> tuple[str, asyncio.Task[None]]:
        """Begin a task: its UPID, and the work."""


class SdnApi:
    """The endpoints, over one world."""

    def __init__(self, sim: Api, world: LabWorld) -> None:
        self._sim = sim
        self._world = world

    def routes(self) -> list[tuple[str, str, Handler]]:
        """Method, path and handler of each."""
        return [
            ("GET", "/cluster/sdn", self._sdn_index),
            ("PUT", "/cluster/sdn", self._sdn_apply),
            ("POST", "/cluster/sdn/lock", self._sdn_lock),
            ("DELETE", "/cluster/sdn/lock", self._sdn_unlock),
            ("POST", "/cluster/sdn/rollback", self._sdn_rollback),
            ("GET", "/cluster/sdn/dry-run", self._sdn_dry_run),
            ("GET", "/cluster/sdn/zones", self._list_of("zones", "zone")),
            ("GET", "/cluster/sdn/vnets", self._list_of("vnets", "vnet")),
            ("GET", "/cluster/sdn/controllers", self._list_of("controllers", "controller")),
            ("POST", "/cluster/sdn/zones", self._create("zones", "zone")),
            ("PUT", "/cluster/sdn/zones/{zone}", self._update("zones", "zone")),
            ("DELETE", "/cluster/sdn/zones/{zone}", self._delete("zones", "zone")),
            ("POST", "/cluster/sdn/vnets", self._create("vnets", "vnet")),
            ("PUT", "/cluster/sdn/vnets/{vnet}", self._update("vnets", "vnet")),
            ("DELETE", "/cluster/sdn/vnets/{vnet}", self._delete("vnets", "vnet")),
            ("POST", "/cluster/sdn/vnets/{vnet}/subnets", self._create_subnet),
            ("PUT", "/cluster/sdn/vnets/{vnet}/subnets/{subnet}", self._update("subnets", "subnet")),
            ("DELETE", "/cluster/sdn/vnets/{vnet}/subnets/{subnet}", self._delete("subnets", "subnet")),
            ("POST", "/cluster/sdn/controllers", self._create("controllers", "controller")),
            ("PUT", "/cluster/sdn/controllers/{controller}", self._update("controllers", "controller")),
            ("DELETE", "/cluster/sdn/controllers/{controller}", self._delete("controllers", "controller")),
            *self._fabric_routes(),
            ("GET", "/nodes/{node}/network", self._network_list),
            ("PUT", "/nodes/{node}/network", self._network_reload),
        ]

    def _fabric_routes(self) -> list[tuple[str, str, Handler]]:
        fabric, node = "/cluster/sdn/fabrics/fabric/{id}", "/cluster/sdn/fabrics/node/{fabric_id}/{node_id}"

        def edit(work: Callable[[Path, Values], None]) -> Handler:
            async def edited(values: Values, _user: str) -> None:
                self._sim.need_quorum()
                self._check_token(values)
                work(self._world.pmxcfs.sdn, values)

            return edited

        return [
            ("POST", "/cluster/sdn/fabrics/fabric", edit(sdn_fabrics.create)),
            ("PUT", fabric, edit(lambda sdn, given: sdn_fabrics.update(sdn, given["id"], given))),
            ("DELETE", fabric, edit(lambda sdn, given: sdn_fabrics.delete(sdn, given["id"]))),
            (
                "POST",
                "/cluster/sdn/fabrics/node/{fabric_id}",
                edit(lambda sdn, given: sdn_fabrics.create_node(sdn, given["fabric_id"], given)),
            ),
            (
                "PUT",
                node,
                edit(lambda sdn, given: sdn_fabrics.update_node(sdn, given["fabric_id"], given["node_id"], given)),
            ),
            (
                "DELETE",
                node,
                edit(lambda sdn, given: sdn_fabrics.delete_node(sdn, given["fabric_id"], given["node_id"])),
            ),
        ]

    async def _sdn_index(self, _values: Values, _user: str) -> list[dict[str, str]]:
        names = ["vnets", "zones", "controllers", "ipams", "dns"]
        return [{"id": name} for name in [*names, *(["fabrics"] if self._world.character.has_sdn_lock else [])]]

    async def _sdn_apply(self, values: Values, user: str) -> str:
        world = self._world
        self._sim.need_quorum()
        self._check_token(values)
        api_node = world.hosts[world.api_node]
        had_frr = running_has_frr(world, api_node)
        sdn_config.commit(world.pmxcfs.sdn, world.character.kinds)
        regenerate_frr = had_frr or running_has_frr(world, api_node)
        self._release_lock(values)

        async def work(log: Log) -> None:
            for node, member in list(world.members.items()):
                log(f"{node}: reloading network config")
                if not member.is_online:
                    log(f"ssh: connect to host {member.address} port 22: No route to host")
                    log(f"{node}: error reloading network config: exit code 255")
                    continue
                flag = regenerate_frr if world.character.knows_regenerate_frr else None
                upid, worker = self._start_reload(node, "root@pam", regenerate_frr=flag)
                await worker
                status = self._sim.tasks[upid]["exitstatus"]
                if status != "OK":  # a warning there, and the loop goes on: PVE's task ends OK
                    log(f"{node}: error reloading network config: {status}")

        return self._sim.start_worker(world.api_node, "reloadnetworkall", "", user, work)[0]

    async def _network_list(self, values: Values, user: str) -> list[Values]:
        if values.get("type") != "any_bridge":
            raise PveError(501, "only type=any_bridge is simulated")
        zones = {name: vnet.get("zone") for name, vnet in self._running_vnets().items()}
        return [
            row
            for row in any_bridge(self._world, values["node"])
            if any(
                self._sim.allowed(user, f"/sdn/zones/{zones.get(row['iface'], 'localnetwork')}/{row['iface']}", right)
                for right in ("SDN.Audit", "SDN.Use")
            )
        ]

    def _running_vnets(self) -> dict[str, Values]:
        vnets: dict[str, Values] = sdn_config.running(self._world.pmxcfs.sdn).get("vnets", {}).get("ids", {})
        return vnets

    async def _network_reload(self, values: Values, user: str) -> str:
        flag = values.get("regenerate-frr")
        regenerate_frr = None if flag is None else str(flag) in {"1", "on", "yes", "true", "True"}
        return self._start_reload(values["node"], user, regenerate_frr=regenerate_frr)[0]

    def _check_token(self, values: Values) -> None:
        lock = self._world.pmxcfs.sdn / ".lock"
        if lock.is_file() and values.get("lock-token") != lock.read_text("utf-8"):
            raise PveError(500, "invalid lock token provided!")

    def _release_lock(self, values: Values) -> None:
        # PVE does not fill in the documented default: without an explicit release-lock=1 the lock stays.
        if values.get("lock-token") is not None and str(values.get("release-lock", 0)) in {"1", "True", "true"}:
            (self._world.pmxcfs.sdn / ".lock").unlink(missing_ok=True)

    async def _sdn_lock(self, values: Values, _user: str) -> str:
        self._sim.need_quorum()
        sdn = self._world.pmxcfs.sdn
        if (sdn / ".lock").is_file():
            raise PveError(500, "SDN configuration is already locked")
        if str(values.get("allow-pending", 0)) not in {"1", "True", "true"} and self._has_pending():
            raise PveError(500, "configuration has pending changes")
        token = str(uuid.uuid4())
        (sdn / ".lock").write_text(token, "utf-8")
        return token

    async def _sdn_unlock(self, values: Values, _user: str) -> None:
        if str(values.get("force", 0)) not in {"1", "True", "true"}:
            self._check_token(values)
        (self._world.pmxcfs.sdn / ".lock").unlink(missing_ok=True)

    async def _sdn_rollback(self, values: Values, _user: str) -> None:
        self._sim.need_quorum()
        self._check_token(values)
        sdn_config.roll_back(self._world.pmxcfs.sdn, self._world.character.kinds)
        self._release_lock(values)

    async def _sdn_dry_run(self, values: Values, _user: str) -> dict[str, str]:
        world, node = self._world, self._world.hosts[values["node"]]
        running = sdn_config.running(world.pmxcfs.sdn)
        would_be = {"version": running.get("version", 0), **sdn_config.pending(world.pmxcfs.sdn, world.character.kinds)}
        interfaces = sdn_config.unified_diff("interfaces.d/sdn", node.read(SDN_FILE), world.text.sdn(would_be, node))
        # Whether or not PVE would write it.
        frr = sdn_config.unified_diff("frr.conf", node.read(FRR_CONF), world.text.frr(would_be, node) or "")
        return {key: diff for key, diff in (("interfaces-diff", interfaces), ("frr-diff", frr)) if diff}

    def _has_pending(self) -> bool:
        running = sdn_config.running(self._world.pmxcfs.sdn)
        pending = sdn_config.pending(self._world.pmxcfs.sdn, ("zones", "vnets", "subnets", "controllers"))
        return any(running.get(kind, {"ids": {}}) != ids for kind, ids in pending.items())

    def _list_of(self, kind: str, key: str) -> Callable[[Values, str], Awaitable[list[Values]]]:
        async def listing(values: Values, user: str) -> list[Values]:
            sdn = self._world.pmxcfs.sdn
            rows = sdn_config.listing(
                sdn_config.running(sdn).get(kind, {}).get("ids", {}),
                sdn_config.pending(sdn, (kind,))[kind]["ids"],
                key,
                which="pending" if values.get("pending") else "running" if values.get("running") else "configured",
            )
            path = "/sdn/controllers" if kind == "controllers" else "/sdn/zones"
            return [
                row
                for row in rows
                if any(self._sim.allowed(user, f"{path}/{row[key]}", f"SDN.{right}") for right in ("Audit", "Allocate"))
            ]

        return listing

    def _create(self, kind: str, key: str) -> Callable[[Values, str], Awaitable[None]]:
        async def create(values: Values, _user: str) -> None:
            self._sim.need_quorum()
            self._check_token(values)
            given = {name: value for name, value in values.items() if name != key}
            sdn_objects.create(self._world.pmxcfs.sdn, kind, values[key], {"type": key, **given})

        return create

    async def _create_subnet(self, values: Values, _user: str) -> None:
        self._sim.need_quorum()
        self._check_token(values)
        sdn = self._world.pmxcfs.sdn
        zone = sdn_objects.zone_of(sdn, values["vnet"])
        given = {name: value for name, value in values.items() if name != "subnet"}
        sdn_objects.create(sdn, "subnets", f"{zone}-{values['subnet'].replace('/', '-')}", given)

    def _update(self, kind: str, key: str) -> Callable[[Values, str], Awaitable[None]]:
        async def update(values: Values, _user: str) -> None:
            self._sim.need_quorum()
            self._check_token(values)
            in_path = {key, *(["vnet"] if kind == "subnets" else [])}
            given = {name: value for name, value in values.items() if name not in in_path}
            sdn_objects.update(self._world.pmxcfs.sdn, kind, values[key], given)

        return update

    def _delete(self, kind: str, key: str) -> Callable[[Values, str], Awaitable[None]]:
        async def delete(values: Values, _user: str) -> None:
            self._sim.need_quorum()
            self._check_token(values)
            sdn_objects.delete(self._world.pmxcfs.sdn, kind, values[key])

        return delete

    def _start_reload(self, node: str, user: str, *, regenerate_frr: bool | None) -> tuple[str, asyncio.Task[None]]:
        async def work(log: Log) -> None:
            await asyncio.to_thread(reload_network, self._world, node, log, regenerate_frr=regenerate_frr)

        return self._sim.start_worker(node, "srvreload", "networking", user, work)
