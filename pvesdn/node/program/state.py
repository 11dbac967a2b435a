"""What the node is doing right now: questions of `observe` that may go without an answer, each on its own.

Whatever keeps one of them from being answered is part of the answer: what was not seen is not what is not there.
"""

from typing import Any, Callable, Dict, Iterator, List

from pvesdn.node.program.announced import ANNOUNCED
from pvesdn.node.program.causes import CAUSES
from pvesdn.node.program.dhcp import dhcp_filters
from pvesdn.node.program.files import text_of
from pvesdn.node.program.flood import all_zero_entries
from pvesdn.node.program.guests import plugs
from pvesdn.node.program.machine import Machine, Refused, TooLate, failure, rows_shown, told
from pvesdn.node.program.places import SYSCTL_CONF
from pvesdn.node.program.request import Value
from pvesdn.node.program.routes import router_macs, virtual_routers, vrf_routes
from pvesdn.node.program.servers import dhcp_servers
from pvesdn.node.program.settings import SETTINGS, devices_with_settings, setting_now, setting_path, settings_in
from pvesdn.node.program.shown import asked_of_frr, must_show, objects_of_frr, vnis_of_frr
from pvesdn.node.program.vtysh import says_down

_OF_A_SESSION = ("bgpState", "hostLocal", "hostForeign", "remoteAs", "lastResetDueTo", "lastNotificationReason")
_OF_A_VNI = (
    *("vni", "type", "vrf", "tenantVrf", "vxlanInterface", "vxlanIntf", "vtepIp", "localVtepIp"),
    *("state", "sysMac", "routerMac", "numMacs", "numRemoteVteps", "remoteVteps", "l2Vnis"),
)
"""What is passed on of what FRR shows; the rest are counters and times."""
_OF_DEVICES = (("ipv4", "forwarding"), ("ipv4", "arp_accept"), ("ipv6", "forwarding"))
"""What is told of every device: the family, and the name of the setting."""


def state_of(machine: Machine, name: str) -> Value:
    """``{"answer": ...}``, or ``{"fault": why there is none}``, with ``"late": true`` where its time was up.

    :param name: a key of `QUESTIONS`, `CAUSES` or `ANNOUNCED`.
    """
    try:
        return {"answer": {**QUESTIONS, **CAUSES, **ANNOUNCED}[name](machine)}
    except TooLate as late:
        return {"fault": late.error, "late": True}
    except Refused as refused:
        return {"fault": refused.error}
    except OSError as error:
        return {"fault": told(error)}


def _flooding(machine: Machine) -> List[Dict[str, str]]:
    """All-zero entries of all VXLAN devices. Other entries, a guest's each, are as many as there are guests."""
    rows = rows_shown(machine, ["bridge", "-j", "fdb", "show"])
    return [{"ifname": name, "dst": address} for name, address in all_zero_entries(rows)]


def _port_vlans(machine: Machine) -> List[Dict[str, Any]]:
    """VLANs of the ports of bridges, in numbers alone: ``[{"ifname": "tap101i0", "vlans": [[5, 5, 3], [7, 9, 0]]}]``.

    Each is first, last, and 1 for the PVID plus 2 for those that leave untagged.
    """
    found: List[Dict[str, Any]] = []
    for row in rows_shown(machine, ["bridge", "-j", "-compressvlans", "vlan", "show"]):
        if isinstance(row.get("vlans"), list):
            vlans = [_numbers(vlan) for vlan in row["vlans"] if isinstance(vlan, dict) and "vlan" in vlan]
            found.append({"ifname": row.get("ifname"), "vlans": vlans})
    return found


def _numbers(vlan: Dict[str, Any]) -> List[Any]:
    flags = vlan.get("flags") or []
    return [vlan["vlan"], vlan.get("vlanEnd", vlan["vlan"]), ("PVID" in flags) + 2 * ("Egress Untagged" in flags)]


def _settings(machine: Machine) -> Dict[str, str]:
    """The kernel's settings by their path below /proc/sys, as they are now; what the kernel does not have is absent."""
    ours = [setting_path(name) for name in settings_in(text_of(machine, SYSCTL_CONF) or "")]
    found = {}
    for path in [*SETTINGS, *ours, *_device_settings(machine)]:
        value = setting_now(machine, path)
        if value is not None:
            found[path] = value
    return found


def _device_settings(machine: Machine) -> Iterator[str]:
    for family, key in _OF_DEVICES:
        names = devices_with_settings(machine, family)
        yield from (f"net/{family}/conf/{name}/{key}" for name in names if name not in ("all", "default"))


def _daemons(machine: Machine) -> List[str]:
    """FRR's daemons that run; none where FRR is off."""
    outcome = asked_of_frr(machine, "show daemons")
    if outcome.status and says_down(outcome):
        return []
    if outcome.status:
        raise Refused(failure(["vtysh", "-c", "show daemons"], outcome))
    return outcome.output.split()


def _running_config(machine: Machine) -> str:
    output = must_show(machine, "show running-config").output
    return output.partition("Current configuration:\n")[2] or output


def _neighbors(machine: Machine) -> Dict[str, Any]:
    """BGP sessions of the default VRF, by the peer's address."""
    found: Dict[str, Any] = {}
    for peer, said in objects_of_frr(machine, "show bgp neighbors").items():
        # Where there is no BGP at all, FRR says so in a value of its own.
        if isinstance(said, dict):
            found[peer] = {key: said[key] for key in _OF_A_SESSION if key in said}
            bfd = said.get("peerBfdInfo")
            if isinstance(bfd, dict):
                found[peer]["bfd"] = bfd.get("status")
    return found


def _vnis(machine: Machine) -> List[Dict[str, Any]]:
    """What zebra knows of each VNI."""
    return [{key: row[key] for key in _OF_A_VNI if key in row} for row in vnis_of_frr(machine)]


QUESTIONS: Dict[str, Callable[[Machine], Any]] = {
    "fdb": _flooding,
    "settings": _settings,
    "port-vlans": _port_vlans,
    "dhcp-filters": dhcp_filters,
    "dhcp-servers": dhcp_servers,
    "guest-plugs": plugs,
    "frr-daemons": _daemons,
    "frr-running": _running_config,
    "bgp-neighbors": _neighbors,
    "evpn-vnis": _vnis,
    "vrf-routes": vrf_routes,
    "evpn-rmacs": router_macs,
    "vrrp": virtual_routers,
}
"""What `observe` is asked besides, by name; `model.snapshot.STATE_COMMANDS` has the same names."""
