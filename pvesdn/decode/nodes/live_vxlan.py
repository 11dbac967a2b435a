"""The VXLAN devices that the kernel has, from `ip -j -d link`. What is not understood is left out; nothing raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.model.hand_written import LiveVxlan, VxlanWords
from pvesdn.model.primitives import Json

_DEFAULT_PORT = "4789"


def decode_live_vxlans(answer: Json) -> tuple[LiveVxlan, ...]:
    """Those of the host's own namespace; what is partly in another one belongs to whoever made that."""
    with suppress(WrongShapeError):
        return tuple(_vxlans(json_text.rows(answer, "ip-link")))
    return ()


def _vxlans(rows: list[dict[str, Json]]) -> Iterator[LiveVxlan]:
    for row in rows:
        with suppress(WrongShapeError):
            info = json_text.mapping(row.get("linkinfo"), "linkinfo", absent=True)
            data = json_text.mapping(info.get("info_data"), "info_data", absent=True)
            if info.get("info_kind") == "vxlan" and "link_netnsid" not in row:
                name = json_text.device(row.get("ifname"), "ifname")
                master = json_text.string(row.get("master", ""), "master")
                yield LiveVxlan(_words(name, data), master)


def _words(name: str, data: dict[str, Json]) -> VxlanWords:
    def said(*keys: str) -> str:
        return next((str(data[key]) for key in keys if isinstance(data.get(key), str | int) and data[key]), "")

    remote = said("remote", "remote6")
    return VxlanWords(
        name=name,
        vni=said("id"),
        group=said("group", "group6"),
        remotes=(remote,) if remote else (),
        local=said("local", "local6"),
        physdev=said("link"),
        port=said("port") or _DEFAULT_PORT,
        learns=data.get("learning") is not False,
        is_external=bool(data.get("external") or data.get("collect_metadata") or data.get("vnifilter")),
    )
