"""The API of a simulated cluster: fakepve's schema, permissions and faults, with SDN and network reload made real."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import ssl
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web
from fakepve import FakePve, PveError
from fakepve.server import USER, params

from pvesdn_lab.simulated.reload import ReloadFailed
from pvesdn_lab.simulated.sdn_api import Handler, SdnApi, Values, Work
from pvesdn_lab.simulated.world import LabWorld

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
        self.before: dict[tuple[str, str], Callable[[], object]] = {}
        """What happens once before a call, given as its method and path, is checked and answered."""
        self.entries: list[Values] = []
        """What `GET /access/acl` lists, but for what the caller may not change."""
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

    # -------------------------------------------------------------------------------------------------- routes

    def _routes_sdn(self) -> list[tuple[str, str, Handler]]:
        return [*SdnApi(self, self.world).routes(), ("GET", "/access/acl", self._acl)]

    async def answer(self, request: web.Request, match: Any, values: Values, user: str, call: Any = None) -> Any:
        """Refuse what this version of PVE does not have, then let fakepve check and answer."""
        if match is not None:
            if happens := self.before.pop((request.method, match.template), None):
                await asyncio.to_thread(happens)
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
        by_type = {name for name, found in properties.items() if "oneOf" in found}
        if not (unknown | by_type) & set(properties):
            return match
        match = copy.deepcopy(match)  # the schema is shared by every simulation in the process
        properties = match.methods[request.method]["parameters"]["properties"]
        for name in by_type:
            # What it may be, and that it may be missing, depends on another parameter, which fakepve does not look at.
            properties[name] = {"type": "array", "items": {"type": "string"}, "optional": 1}
        for name in unknown:
            properties.pop(name, None)
        return match

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

    async def _acl(self, _: Values, user: str) -> list[Values]:
        return [row for row in self.entries if self.allowed(user, row["path"], "Permissions.Modify")]

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
