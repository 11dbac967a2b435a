"""Stanza by stanza: what is added, changed, removed and replaced."""

from __future__ import annotations

import pytest

from pvesdn.compare.stanzas import keep_hosts, option, stanza_changes
from pvesdn.model.files import Action, StanzaChange

PORT = "auto vxlan_a\niface vxlan_a\n\tvxlan-id 2\n\tmtu 1500\n"


def test_an_interface_of_the_host_is_changed_where_pves_stanza_for_it_comes_or_goes() -> None:
    changes = stanza_changes({"vmbr0": "auto vmbr0\n"}, {"vmbr1": "auto vmbr1\n", "web": "auto web\n"})
    kept = keep_hosts(changes, {"vmbr0", "vmbr1"})
    assert [(change.name, change.action) for change in kept] == [
        ("vmbr0", Action.CHANGE),
        ("vmbr1", Action.CHANGE),
        ("web", Action.ADD),
    ]
    assert [bool(change.why) for change in kept] == [True, True, False]


def test_equal_stanzas_are_no_change() -> None:
    assert stanza_changes({"vxlan_a": PORT}, {"vxlan_a": PORT + "\n"}) == ()


def test_changes_come_sorted_by_name_whatever_their_kind() -> None:
    old = {"a": "auto a\niface a\n\tmtu 1\n", "c": "auto c\niface c\n"}
    new = {"d": "auto d\niface d\n", "a": "auto a\niface a\n\tmtu 2\n"}
    assert stanza_changes(old, new) == (
        StanzaChange("a", Action.CHANGE),
        StanzaChange("c", Action.REMOVE),
        StanzaChange("d", Action.ADD),
    )


def test_a_changed_vni_is_a_replacement_and_says_why() -> None:
    (change,) = stanza_changes({"vxlan_a": PORT}, {"vxlan_a": PORT.replace("vxlan-id 2", "vxlan-id 3")})
    assert change.action is Action.REPLACE
    assert "VNI" in change.why


def test_a_udp_port_that_appears_is_a_replacement_too() -> None:
    (change,) = stanza_changes({"vxlan_a": PORT}, {"vxlan_a": PORT + "\tvxlan-port 6000\n"})
    assert change.action is Action.REPLACE


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\tvxlan-remoteip 192.168.0.2\n", "\tvxlan-mcastgrp 225.20.1.1\n"),
        ("\tvxlan-mcastgrp 225.20.1.1\n", "\tvxlan-remoteip 192.168.0.2\n"),
        ("\tvxlan-remoteip 192.168.0.2\n", "\tbridge-learning off\n"),
        ("", "\tvxlan-mcastgrp6 ff05::1\n"),
    ],
)
def test_another_way_of_flooding_is_a_replacement(old: str, new: str) -> None:
    (change,) = stanza_changes({"vxlan_a": PORT + old}, {"vxlan_a": PORT + new})
    assert change.action is Action.REPLACE
    assert "flood entries" in change.why


def test_another_remote_is_changed_in_place() -> None:
    remote = "\tvxlan-remoteip 192.168.0.2\n"
    (change,) = stanza_changes({"vxlan_a": PORT + remote}, {"vxlan_a": PORT + remote.replace(".2", ".3")})
    assert change.action is Action.CHANGE


def test_a_changed_mtu_is_changed_in_place() -> None:
    (change,) = stanza_changes({"vxlan_a": PORT}, {"vxlan_a": PORT.replace("1500", "1450")})
    assert change.action is Action.CHANGE


def test_another_gateway_mac_says_what_guests_will_notice() -> None:
    gateway = "auto web\niface web\n\taddress 10.0.0.1/24\n\thwaddress 02:00:00:00:00:01\n"
    (change,) = stanza_changes({"web": gateway}, {"web": gateway.replace("00:01", "00:02")})
    assert change.action is Action.CHANGE
    assert "old MAC" in change.why


def test_what_belongs_to_no_interface_is_not_counted() -> None:
    assert stanza_changes({"": "# old header\n"}, {"": "# new header\n"}) == ()


def test_options_are_found_in_either_spelling() -> None:
    assert option("iface a\n\tvxlan_remoteip 10.0.0.1\n", "vxlan-remoteip") == "10.0.0.1"
    assert option("iface a\n\tmtu 1500\n", "vxlan-id") is None
