"""Open vSwitch in an interfaces file: words of ovs-vsctl(8) that hold no secret."""

from __future__ import annotations

import re

from pvesdn.decode.secrets.veil import Veil, is_address, is_device, is_mac, is_number, word_set
from pvesdn.redact.attributes import WORD, is_choice, is_ranges

OVS = frozenset({"ovs-options", "ovs-extra", "ovs-tunnel-options"})
"""Attributes whose values are words of ovs-vsctl."""
_WORDS = word_set(
    """
    -- set add remove clear create get list interface port bridge controller manager mirror qos queue netflow
    sflow add-br del-br add-port del-port set-fail-mode set-controller --may-exist --if-exists secure standalone
    """
)
_SLOTS = word_set(
    """
    interface port bridge controller mirror add-br del-br add-port del-port set-fail-mode
    """
)
_COLUMN = re.compile(r"[a-z][a-z_:-]{1,40}")
_KEYS = re.compile(
    r"(?:tag|trunks|vlan_mode|type|bond_mode|lacp|bond_updelay|bond_downdelay|mtu_request|stp_enable|rstp_enable|"
    r"mcast_snooping_enable|fail_mode|protocols|datapath_type|external[_-]ids:iface-id|"
    r"options:(?:remote_ip|local_ip|dst_port|df_default|tos|ttl|csum|peer)|"
    r"other[_-]config:(?:qinq-ethtype|lacp-time|hwaddr|disable-in-band|stp-[a-z-]+|rstp-[a-z-]+|mac-[a-z-]+|bond-[a-z-]+))"
)
_CHOICES = word_set(
    """
    access trunk native-tagged native-untagged dot1q-tunnel active passive balance-slb balance-tcp active-backup
    internal gre geneve vxlan system netdev patch fast slow OpenFlow10 OpenFlow13 OpenFlow15 802.1q 802.1ad
    """
)


def hide_ovs(rest: str, veil: Veil) -> str:
    """Words of ovs-vsctl(8): verbs, names, and ``column=value`` where the column holds no secret."""
    before, is_open, found, end = "", True, [], 0
    for match in WORD.finditer(rest):
        word = match[0]
        is_open = is_open or word == "--"
        shown = _shown(word, before, veil) if is_open else ""
        # An unknown word may be followed by its value.
        is_open = bool(shown)
        found += [rest[end : match.start()], shown or veil.hide(word)]
        before, end = word, match.end()
    return "".join((*found, rest[end:]))


def _shown(word: str, before: str, veil: Veil) -> str:
    """How a word is shown; empty for an unknown word."""
    key, sign, value = word.partition("=")
    if sign:
        is_known = _KEYS.fullmatch(key) is not None and _is_value(value)
        return word if is_known else f"{key}={veil.hide(value)}" if _COLUMN.fullmatch(key) else ""
    if word.lower() in _WORDS or veil.passes(word):
        return word
    return word if before.lower() in _SLOTS and is_device(word) else ""


def _is_value(value: str) -> bool:
    return (
        value in _CHOICES
        or is_choice(value)
        or is_number(value)
        or is_ranges(value)
        or is_address(value)
        or is_mac(value)
    )
