"""In which ways a call fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import requests

from pvesdn.adapters.pve_api.whole_answer import ProxmoxerAnswer, WholeAnswer
from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.primitives import Json
from tests.cluster.faults.wire import Answer, Call, Wire

API_SECONDS, NODE_SECONDS = 20.0, 600.0
"""How long a call takes that is given up: the limits of the API's calls and of SSH's."""

ApiWay: TypeAlias = Callable[[Callable[[], ProxmoxerAnswer], Wire], ProxmoxerAnswer]
NodeWay: TypeAlias = Callable[[str, Callable[[], dict[str, Json]], Wire], dict[str, Json]]


class Once:
    """A fault at one call: it fails in that way, and all others are made. :ivar is_met: it has come to that."""

    def __init__(self, call: Call, *, api: ApiWay | None = None, node: NodeWay | None = None) -> None:
        self._call = call
        self._api = api
        self._node = node
        self.is_met = False

    def meet(self, call: Call, make: Callable[[], Any], wire: Wire) -> Any:
        """Fail, if it is the one."""
        if call != self._call:
            return make()
        self.is_met = True
        if self._api is not None:
            return self._api(make, wire)
        assert self._node is not None
        return self._node(call.node, make, wire)


def refused(status: int, reason: str) -> ApiWay:
    """The API answers, and has done nothing."""

    def refuse(make: Callable[[], ProxmoxerAnswer], wire: Wire) -> ProxmoxerAnswer:
        del make, wire
        return WholeAnswer(status, reason, json.dumps({"data": None, "message": f"{reason}\n"}).encode())

    return refuse


def answered(what: Callable[[Any], bytes]) -> ApiWay:
    """The API has done it, and answers something else. :param what: in place of the `data` that it is told."""

    def answer(make: Callable[[], ProxmoxerAnswer], wire: Wire) -> ProxmoxerAnswer:
        del wire
        told = make()
        return WholeAnswer(200, "OK", what(json.loads(told.content).get("data")))

    return answer


def unheard(make: Callable[[], ProxmoxerAnswer], wire: Wire) -> ProxmoxerAnswer:
    """The connection is cut before the request is heard."""
    del make, wire
    raise requests.exceptions.ConnectionError("Connection refused")


def unanswered(make: Callable[[], ProxmoxerAnswer], wire: Wire) -> ProxmoxerAnswer:
    """The connection is cut after the request is heard."""
    del wire
    make()
    raise requests.exceptions.ConnectionError("Remote end closed connection without response")


def late(make: Callable[[], ProxmoxerAnswer], wire: Wire) -> ProxmoxerAnswer:
    """It is heard, and no answer comes in time."""
    make()
    wire.clock.skip(API_SECONDS)
    raise requests.exceptions.ReadTimeout("read timed out")


def of_another_shape(data: Any) -> bytes:
    """A list where there should be an object, an object where there should be anything else."""
    return json.dumps({"data": [{"surprise": 1}] if isinstance(data, dict) else {"surprise": 1}}).encode()


def with_nothing_in_it(data: Any) -> bytes:
    """The right kind of value, and nothing in it."""
    return json.dumps({"data": type(data)() if isinstance(data, dict | list | str) else None}).encode()


API_WAYS: dict[str, ApiWay] = {
    "403": refused(403, "Permission check failed (/, Sys.Audit)"),
    "500": refused(500, "got timeout"),
    "596": refused(596, "Broken pipe"),
    "time-out": late,
    "cut before": unheard,
    "cut after": unanswered,
    "not JSON": answered(lambda _: b"<html><body>It works!</body></html>"),
    "another shape": answered(of_another_shape),
    "empty": answered(with_nothing_in_it),
}


def refused_there(node: str, make: Callable[[], dict[str, Json]], wire: Wire) -> dict[str, Json]:
    """The program refuses, and has done nothing."""
    del make, wire
    raise NodeFailed(node, "No space left on device")


def unheard_there(node: str, make: Callable[[], dict[str, Json]], wire: Wire) -> dict[str, Json]:
    """The connection is cut before the request is heard."""
    del make, wire
    raise NodeUnreachable(node, "ssh: connection reset by peer")


def unanswered_there(node: str, make: Callable[[], dict[str, Json]], wire: Wire) -> dict[str, Json]:
    """The connection is cut after the request is heard."""
    del wire
    make()
    raise NodeUnreachable(node, "ssh: connection reset by peer")


def late_there(node: str, make: Callable[[], dict[str, Json]], wire: Wire) -> dict[str, Json]:
    """It is heard, and no answer comes in time."""
    make()
    wire.clock.skip(NODE_SECONDS)
    raise NodeUnreachable(node, f"no answer within {NODE_SECONDS:g} s")


def of_another_shape_there(node: str, make: Callable[[], dict[str, Json]], wire: Wire) -> dict[str, Json]:
    """It is heard, and the program answers what nobody has asked."""
    del node, wire
    make()
    return {"surprise": [1]}


NODE_WAYS: dict[str, NodeWay] = {
    "refused": refused_there,
    "time-out": late_there,
    "cut before": unheard_there,
    "cut after": unanswered_there,
    "another shape": of_another_shape_there,
}


class KilledAt:
    """The run is killed at one call. :param is_heard: after it, else before."""

    def __init__(self, call: Call, *, is_heard: bool) -> None:
        self._call = call
        self._is_heard = is_heard
        self.is_met = False

    def meet(self, call: Call, make: Callable[[], Answer], wire: Wire) -> Answer:
        """Die, if it is the one."""
        if call != self._call:
            return make()
        self.is_met = True
        if self._is_heard:
            make()
        wire.die()
        raise AssertionError


class HappensAt:
    """Something happens right before one call, and all calls are made."""

    def __init__(self, call: Call, happens: Callable[[Wire], object]) -> None:
        self._call = call
        self._happens = happens
        self.is_met = False

    def meet(self, call: Call, make: Callable[[], Answer], wire: Wire) -> Answer:
        """Let it happen, if it is the one."""
        if call == self._call and not self.is_met:
            self.is_met = True
            self._happens(wire)
        return make()
