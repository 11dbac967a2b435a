"""/etc/pve/.members: the membership as pmxcfs knows it, read on a node without asking the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import ClusterError
from pvesdn.model.primitives import IpAddress, Json

MEMBERS_FILE = "/etc/pve/.members"


@dataclass(frozen=True, slots=True)
class ListedNode:
    """One member. :param address: None when pmxcfs has not resolved its name."""

    node_id: int
    is_online: bool
    address: IpAddress | None


@dataclass(frozen=True, slots=True)
class MembersFile:
    """The file's content.

    :param local: the node that the file was read on.
    :param nodes: by name; a host outside any cluster lists only itself.
    """

    local: str
    is_quorate: bool
    nodes: Mapping[str, ListedNode]


def decode_members(text: str) -> MembersFile:
    """The membership.

    :raises ClusterError: the text is something else.
    """
    try:
        document = json_text.mapping(json_text.load(text), "the document")
        local = json_text.word(document.get("nodename"), "nodename")
        if document.get("cluster") is None:
            return MembersFile(local, is_quorate=True, nodes={local: ListedNode(0, is_online=True, address=None)})
        cluster = json_text.mapping(document["cluster"], "cluster")
        nodes = json_text.mapping(document.get("nodelist"), "nodelist", absent=True)
        return MembersFile(
            local,
            is_quorate=json_text.flag(cluster.get("quorate"), "quorate"),
            nodes={name: _listed(name, nodes[name]) for name in sorted(nodes)},
        )
    except WrongShapeError as error:
        raise ClusterError(f"{MEMBERS_FILE}: {error}", hint="check that pve-cluster is running on this node") from error


def _listed(name: str, value: Json) -> ListedNode:
    entry = json_text.mapping(value, f"entry of {name!a}")
    ip = entry.get("ip")
    return ListedNode(
        node_id=json_text.number(entry.get("id"), f"id of {name!a}"),
        is_online=json_text.flag(entry.get("online"), f"online of {name!a}"),
        address=json_text.address(ip, f"ip of {name!a}") if ip not in (None, "") else None,
    )
