"""The API of a simulated cluster: fakepve's schema, permissions and faults, with SDN and network reload made real."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import ssl
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web
from fakepve import FakePve, PveError
from fakepve.server import USER, params

from pvesdn_lab.simulated import sdn_config, sdn_objects
from pvesdn_lab.simulated.reload import ReloadFailed, reload_network, running_has_frr
from pvesdn_lab.simulated.world import LabWorld

Log = Callable[[str], None]
Values = dict[str, Any]
Work = Callable[[Log], Awaitable[None]]

_SINCE_LOCK = ("/cluster/sdn/lock", "/cluster/sdn/rollback", "/cluster/sdn/dry-run", "/cluster/sdn/fabrics")
_LOCK_PARAMETERS = {"lock-token", "release-lock"}
_SHUTDOWN_SECONDS = 0.2
_LAST_TASKS_SECONDS = 10


class PveSim(FakePve):  # type: ignore[misc]  # fakepve carries no types
    """The API as the node `world.api_node` serves it.

    Faults come from fakepve: `fail(method, path suffix, status, message)`, `flaky_network(hang_rate=1.0)`, `grant(…)`.
    `requests` lists every request that arrived, as (method, path, body).
    """

    def __init__(self, world: LabWorld, *, password: str) -> None:
        super().__init__(user="root@pam", password=password, host="127.0.0.1", port=0)
        self.world = world
        self.version = world.character.version
        self.release_version = world.character.release
        self._workers: set[asyncio.Task[None]] = set()
        self.follow_members()

    def follow_members(self) -> None:
        """Take over who is a member, who is online and whether there is quorum."""
        self.cluster_name = self.world.name
        self.nodes = {name: {"online": member.is_online} for name, member in self.world.members.items()}
        self.quorate = self.world.is_quorate

    # ---------------------------------------------------------------------------------------------- lifecycle

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Listen on a free port of the loopback; `port` has it afterwards."""
        # Not fakepve's own start: a hanging request of a test would hold its shutdown for a minute.
        self.runner = web.AppRunner(self._build_app(), shutdown_timeout=_SHUTDOWN_SECONDS, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, self.host, self.port, ssl_context=context).start()
        self.port: int = self.runner.addresses[0][1]

    async def idle(self, seconds: float | None = None) -> bool:
        """Wait until no task runs, `seconds` at most; False when there was none from the beginning."""
        if not self._workers:
            return False
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._workers:
                    await asyncio.wait(self._workers)
        return True

    async def stop(self) -> None:
        """Let running tasks end, then stop listening and cut what clients keep open."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.idle(), _LAST_TASKS_SECONDS)
        server = self.runner.server if self.runner else None
        transports = [connection.transport for connection in (server.connections if server else ())]
        await super().stop()
        for transport in transports:
            if transport is not None:
                transport.abort()  # a TLS goodbye would wait half a minute for the client's

    # -------------------------------------------------------------------------------------------------- tasks

    def start_worker(self, node: str, kind: str, ident: str, user: str, work: Work) -> tuple[str, asyncio.Task[None]]:
        """Begin a task as PVE's fork_worker does: the UPID now, the work meanwhile.

        :param work: is handed the function that adds a line to the task's log; `ReloadFailed` becomes its exit status.
        """
        upid, pid, start = self._upid(node, kind, ident, user)
        log: list[str] = []
        record = {"upid": upid, "node": node, "pid": pid, "pstart": pid * 7, "starttime": start, "type": kind}
        record |= {"id": ident, "user": user, "status": "running", "log": log}
        self.tasks[upid] = record
        self.tasklog.append(record)

        async def run() -> None:
            status = "OK"
            try:
                await work(log.append)
            except ReloadFailed as failure:
                status = str(failure)
            log.append("TASK OK" if status == "OK" else f"TASK ERROR: {status}")
            record.update(status="stopped", exitstatus=status, endtime=int(time.time()))

        worker = asyncio.get_running_loop().create_task(run())
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)
        return upid, worker

    def _start_reload(self, node: str, user: str, *, regenerate_frr: bool | None) -> tuple[str, asyncio.Task[None]]:
        async def work(log: Log) -> None:
            await asyncio.to_thread(reload_network, self.world, node, log, regenerate_frr=regenerate_frr)

        return self.start_worker(node, "srvreload", "networking", user, work)

    # -------------------------------------------------------------------------------------------------- routes

    def _routes_sdn(self) -> list[tuple[str, str, Callable[[Values, str], Awaitable[Any]]]]:
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
            ("DELETE", "/cluster/sdn/zones/{zone}", self._delete("zones", "zone")),
            ("POST", "/cluster/sdn/vnets", self._create("vnets", "vnet")),
            ("DELETE", "/cluster/sdn/vnets/{vnet}", self._delete("vnets", "vnet")),
            ("POST", "/cluster/sdn/vnets/{vnet}/subnets", self._create_subnet),
            ("DELETE", "/cluster/sdn/vnets/{vnet}/subnets/{subnet}", self._delete("subnets", "subnet")),
            ("PUT", "/nodes/{node}/network", self._network_reload),
        ]

    async def answer(self, request: web.Request, match: Any, values: Values, user: str, call: Any = None) -> Any:
        """Refuse what this version of PVE does not have, then let fakepve check and answer."""
        if match is not None:
            match = self._of_this_version(match, request)
        return await super().answer(request, match, values, user, call)

    def _of_this_version(self, match: Any, request: web.Request) -> Any:
        character, template = self.world.character, match.template
        is_gone = template.startswith("/cluster/sdn") and not character.has_sdn
        is_gone = is_gone or (template.startswith(_SINCE_LOCK) and not character.has_sdn_lock)
        if is_gone:
            raise PveError(501, f"Method '{request.method} {template}' not implemented")
        unknown = set() if character.has_sdn_lock else set(_LOCK_PARAMETERS)
        if not character.knows_regenerate_frr and template == "/nodes/{node}/network":
            unknown.add("regenerate-frr")
        properties = (match.methods.get(request.method, {}).get("parameters") or {}).get("properties", {})
        if not unknown & set(properties):
            return match
        match = copy.deepcopy(match)  # the schema is shared by every simulation in the process
        for name in unknown:
            match.methods[request.method]["parameters"]["properties"].pop(name, None)
        return match

    # ----------------------------------------------------------------------------------------------------- SDN

    async def _sdn_index(self, _values: Values, _user: str) -> list[dict[str, str]]:
        names = ["vnets", "zones", "controllers", "ipams", "dns"]
        return [{"id": name} for name in [*names, *(["fabrics"] if self.world.character.has_sdn_lock else [])]]

    async def _sdn_apply(self, values: Values, user: str) -> str:
        world = self.world
        self.need_quorum()
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
                if self.tasks[upid]["exitstatus"] != "OK":  # a warning there, and the loop goes on: PVE's task ends OK
                    log(f"{node}: error reloading network config: {self.tasks[upid]['exitstatus']}")

        return self.start_worker(world.api_node, "reloadnetworkall", "", user, work)[0]

    async def _network_reload(self, values: Values, user: str) -> str:
        flag = values.get("regenerate-frr")
        regenerate_frr = None if flag is None else str(flag) in {"1", "on", "yes", "true", "True"}
        return self._start_reload(values["node"], user, regenerate_frr=regenerate_frr)[0]

    def _check_token(self, values: Values) -> None:
        lock = self.world.pmxcfs.sdn / ".lock"
        if lock.is_file() and values.get("lock-token") != lock.read_text("utf-8"):
            raise PveError(500, "invalid lock token provided!")

    def _release_lock(self, values: Values) -> None:
        # PVE does not fill in the documented default: without an explicit release-lock=1 the lock stays.
        if values.get("lock-token") is not None and str(values.get("release-lock", 0)) in {"1", "True", "true"}:
            (self.world.pmxcfs.sdn / ".lock").unlink(missing_ok=True)

    async def _sdn_lock(self, values: Values, _user: str) -> str:
        self.need_quorum()
        sdn = self.world.pmxcfs.sdn
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
        (self.world.pmxcfs.sdn / ".lock").unlink(missing_ok=True)

    async def _sdn_rollback(self, values: Values, _user: str) -> None:
        self.need_quorum()
        self._check_token(values)
        sdn_config.roll_back(self.world.pmxcfs.sdn, self.world.character.kinds)
        self._release_lock(values)

    async def _sdn_dry_run(self, values: Values, _user: str) -> dict[str, str]:
        world, node = self.world, self.world.hosts[values["node"]]
        running = sdn_config.running(world.pmxcfs.sdn)
        would_be = {"version": running.get("version", 0), **sdn_config.pending(world.pmxcfs.sdn, world.character.kinds)}
        diff = sdn_config.unified_diff(node.read("/etc/network/interfaces.d/sdn"), world.text.sdn(would_be, node))
        return {"interfaces-diff": diff} if diff else {}

    def _has_pending(self) -> bool:
        running = sdn_config.running(self.world.pmxcfs.sdn)
        pending = sdn_config.pending(self.world.pmxcfs.sdn, ("zones", "vnets", "subnets", "controllers"))
        return any(running.get(kind, {"ids": {}}) != ids for kind, ids in pending.items())

    def _list_of(self, kind: str, key: str) -> Callable[[Values, str], Awaitable[list[Values]]]:
        async def listing(values: Values, user: str) -> list[Values]:
            sdn = self.world.pmxcfs.sdn
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
                if any(self.allowed(user, f"{path}/{row[key]}", f"SDN.{right}") for right in ("Audit", "Allocate"))
            ]

        return listing

    def _create(self, kind: str, key: str) -> Callable[[Values, str], Awaitable[None]]:
        async def create(values: Values, _user: str) -> None:
            self.need_quorum()
            self._check_token(values)
            given = {name: value for name, value in values.items() if name != key}
            sdn_objects.create(self.world.pmxcfs.sdn, kind, values[key], {"type": key, **given})

        return create

    async def _create_subnet(self, values: Values, _user: str) -> None:
        self.need_quorum()
        self._check_token(values)
        sdn = self.world.pmxcfs.sdn
        zone = sdn_objects.zone_of(sdn, values["vnet"])
        given = {name: value for name, value in values.items() if name != "subnet"}
        sdn_objects.create(sdn, "subnets", f"{zone}-{values['subnet'].replace('/', '-')}", given)

    def _delete(self, kind: str, key: str) -> Callable[[Values, str], Awaitable[None]]:
        async def delete(values: Values, _user: str) -> None:
            self.need_quorum()
            self._check_token(values)
            sdn_objects.delete(self.world.pmxcfs.sdn, kind, values[key])

        return delete

    # ------------------------------------------------------------------------------- fakepve's own, made exact

    async def _cluster_status(self, request: web.Request) -> web.Response:
        self.require(request[USER], "/", "Sys.Audit")
        world = self.world
        head = {"type": "cluster", "id": "cluster", "name": world.name, "version": 1}
        rows: list[Values] = [{**head, "nodes": len(world.members), "quorate": int(world.is_quorate)}]
        for name, member in world.members.items():
            row = {"type": "node", "id": f"node/{name}", "name": name, "nodeid": member.node_id, "level": ""}
            row |= {"ip": member.address, "online": int(member.is_online), "local": int(name == world.api_node)}
            rows.append(row)
        return web.json_response({"data": rows})

    async def _task_list(self, request: web.Request) -> web.Response:
        node, user = request.match_info["node"], request[USER]
        values = self._verify(request, await params(request))
        audit = self.allowed(user, f"/nodes/{node}", "Sys.Audit")
        source = values.get("source", "archive")
        rows = [
            self._task_view(task, listing=True)
            for task in self.tasklog
            if task["node"] == node
            and (audit or self._task_owner(user, task))
            and values.get("typefilter") in {None, task["type"]}
            and task["starttime"] >= values.get("since", 0)
            and source in {"all", "active" if task["status"] == "running" else "archive"}
        ]
        rows.sort(key=lambda row: -row["starttime"])
        start = values.get("start", 0)
        return web.json_response({"data": rows[start : start + values.get("limit", 50)]})

    async def _task_log(self, request: web.Request) -> web.Response:
        values = self._verify(request, await params(request))
        lines = [{"n": n, "t": text} for n, text in enumerate(self._get_task(request)["log"], 1)]
        start, limit = values.get("start", 0), values.get("limit", 50)
        return web.json_response({"data": lines[start : start + limit] if limit else lines[start:]})
