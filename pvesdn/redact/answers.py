"""JSON that programs wrote: the API's answers, iproute2's, the node's versions and settings,
and pvesdn's own records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.decode.secrets.veil import Veil, is_address, is_device, is_kernel_name, is_mac, is_number, word_set
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import STATE_COMMANDS
from pvesdn.redact.frr import hide_frr
from pvesdn.redact.reasons import hide_reason

_DEPTH = 50
_API_KEYS = word_set(
    """
    version release repoid node status type id name nodes quorate nodeid ip online local level subdir uptime cpu
    maxcpu mem maxmem disk maxdisk quorum_votes
    ring0_addr ring1_addr ring2_addr ring3_addr ring4_addr ring5_addr ring6_addr ring7_addr
    """
)
_GUEST_KEYS = word_set("type id vmid node status template uptime cpu maxcpu mem maxmem disk maxdisk")
_IP_KEYS = word_set(
    """
    ifname flags qdisc operstate linkmode group link_type address broadcast inet6_addr_gen_mode master link
    link_netnsid info_kind info_slave_kind family local local6 remote remote6 group6 scope label dst
    src dev gateway via host protocol prefsrc type table prefix metrics pref encap_type encap oif iif action
    from to priority mode parentbus parentdev permaddr port dport sport df state vlan_protocol bridge_id root_id
    cipher_suite validation icvlen xmit_hash_policy lacp_rate ad_lacp_rate ad_select ad_partner_mac active_slave
    primary primary_reselect fail_over_mac arp_validate arp_all_targets mii_status perm_hwaddr peer_address
    nexthops l3mdev_table fwmark ipproto uidrange dstlen srclen
    """
)
_NEVER = frozenset({"ifalias", "key", "ikey", "okey", "cookie", "peer_cookie", "secret", "password", "token"})
"""Keys of iproute2 whose values are free text or secrets, even numbers."""
_OF_FRR = frozenset({"frr-daemons", "bgp-neighbors", "evpn-vnis", "evpn-rmacs", "vrrp"})
_FRR_KEYS = word_set(
    "type vrf tenantVrf vxlanInterface vxlanIntf state flood bgpState hostLocal hostForeign bfd l2Vnis interface status"
)
_PHRASES = frozenset({"lastResetDueTo", "lastNotificationReason"})
_PHRASE = re.compile(r"[A-Za-z0-9 ,.:/()_-]{0,80}")
"""Why FRR ended a session, in one of its own constant phrases."""
_SECRET = ("secret", "passw", "psk", "private", "preshared", "token", "cookie")
_WORD = re.compile(r"[A-Za-z0-9_.:@<>/+*~-]{0,64}")
_KEY = re.compile(r"[A-Za-z0-9_.:@/+-]{1,64}")
_VERSION = re.compile(r"[A-Za-z0-9.+~:_-]{0,80}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MODE = re.compile(r"[0-7]{3,4}")

_Check = Callable[[str, str], bool]
"""Whether a value may be shown, by its key and its text."""


def hide_api(value: Json, veil: Veil) -> Json:
    """An answer of the API."""
    return _walk(
        value, "", veil, lambda key, text: key in _API_KEYS and _WORD.fullmatch(text) is not None, numbers=_API_KEYS
    )


def hide_guests(value: Json, veil: Veil) -> Json:
    """The guests of the cluster: their ids and nodes stay, their names do not."""
    return _walk(
        value,
        "",
        veil,
        lambda key, text: key in _GUEST_KEYS and _WORD.fullmatch(text) is not None,
        numbers=_GUEST_KEYS,
    )


def hide_command_answer(name: str, value: Json, veil: Veil) -> Json:
    """The output of a command on a node. :param name: one of `NODE_COMMANDS` or `STATE_COMMANDS`."""
    if name in STATE_COMMANDS and isinstance(value, dict):
        return _state(name, value, veil)
    if name.startswith("ip-"):
        return _walk(value, "", veil, lambda key, text: _is_of_ip(key, text, veil))
    if name == "nics":
        return _walk(value, "", veil, lambda key, text: key == "bridge" and is_device(text))
    shape = {"versions": _VERSION, "modes": _MODE}.get(name)
    if shape is not None:
        return _walk(value, "", veil, lambda _, text: shape.fullmatch(text) is not None)
    return _walk(value, "", veil, lambda key, text: is_number(text) and "secret" not in key)


def _state(name: str, value: dict[str, Json], veil: Veil) -> Json:
    """What a node said of its live state, or why it did not."""
    said: dict[str, Json] = {}
    for key, part in value.items():
        match key, part:
            case "fault", str():
                said[key] = hide_reason(part, veil)
            case "late", bool():
                said[key] = part
            case "answer", str() if name == "frr-running":
                said[key] = hide_frr(part, veil)
            case _ if name == "guest-plugs":
                said[key] = _walk(part, "", veil, lambda key, text: key == "bridge" and is_device(text))
            case _ if name in _OF_FRR:
                said[key] = _walk(part, "", veil, lambda key, text: _is_of_frr(key, text, veil))
            case _:
                said[key] = _walk(part, "", veil, lambda key, text: _is_of_ip(key, text, veil))
    return said


def _is_of_frr(key: str, text: str, veil: Veil) -> bool:
    if key in _PHRASES:
        return _PHRASE.fullmatch(text) is not None
    if key in _FRR_KEYS or not key:
        return _WORD.fullmatch(text) is not None
    return text in veil.names or is_number(text) or is_address(text) or is_mac(text)


def hide_record(text: str, veil: Veil) -> str:
    """Pvesdn's record of its last write, and its memory of VTEPs: digests, addresses, numbers, and devices."""
    before = veil.count
    try:
        cleaned = _walk(json_text.load(text), "", veil, _is_of_record)
    except (WrongShapeError, RecursionError):
        return veil.hide(text.strip()) if text.strip() else text
    return text if veil.count == before else json.dumps(cleaned)


def _is_of_ip(key: str, text: str, veil: Veil) -> bool:
    if _may_be_secret(key):
        return False
    if key == "altnames":
        return text in veil.names or is_device(text)
    if key in _IP_KEYS:
        return _WORD.fullmatch(text) is not None
    return text in veil.names or is_number(text) or is_address(text) or is_mac(text)


def _is_of_record(key: str, text: str) -> bool:
    if key in {"device", "devices"}:
        return is_kernel_name(text)
    return _DIGEST.fullmatch(text) is not None or is_number(text) or is_address(text)


def _may_be_secret(key: str) -> bool:
    return key in _NEVER or any(part in key.lower() for part in _SECRET)


def _walk(
    value: Json,
    key: str,
    veil: Veil,
    may_pass: _Check,
    depth: int = _DEPTH,
    *,
    numbers: frozenset[str] | None = None,
) -> Json:
    """:param numbers: keys whose numbers are shown; None shows all except under a key that names a secret."""
    if depth == 0:
        # Not the number itself: Python may not be able to print it.
        return veil.hide("something inside too many others")
    match value:
        case dict():
            return {
                name if _KEY.fullmatch(name) else veil.hide(name): _walk(
                    item, name, veil, may_pass, depth - 1, numbers=numbers
                )
                for name, item in value.items()
            }
        case list():
            return [_walk(item, key, veil, may_pass, depth - 1, numbers=numbers) for item in value]
        case None | bool():
            return value
        case str():
            return value if may_pass(key, value) or not value else veil.hide(value)
        case _:
            is_shown = key in numbers if numbers is not None else not _may_be_secret(key)
            return value if is_shown else veil.hide(str(value))
