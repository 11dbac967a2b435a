"""The record on a node, the VTEPs that were seen, and pmxcfs' list of members."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.decode.cluster.members import ListedNode, decode_members
from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.decode.nodes.record import Record, decode_record
from pvesdn.encode.seen import encode_seen
from pvesdn.errors import ClusterError, SnapshotError
from pvesdn.model.cluster import SeenPath, SeenVtep
from tests.unit.decode.samples import MEMBERS, RECORD, SEEN


def test_a_record_has_digests_and_says_whether_it_is_finished() -> None:
    record = decode_record(json.dumps(RECORD))
    assert record == Record({"/etc/network/interfaces.d/pvesdn": "0" * 64}, is_unfinished=True)
    assert not decode_record(json.dumps(RECORD | {"unfinished": False})).is_unfinished


def test_without_a_record_nothing_is_ours() -> None:
    assert decode_record(None).files is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON (Expecting value)"),
        ("[" * 100_000, "no JSON (RecursionError)"),
        ("[]", "the document is not a JSON object"),
        ('{"format": 2}', "unknown format 2"),
        ('{"format": true}', "format is not a whole number"),
        ('{"format": 1}', "files is not a JSON object"),
        ('{"format": 1, "files": {"/x": 1}}', "digest of '/x' is not printable text"),
        ('{"format": 1, "files": {}, "unfinished": 2}', "unfinished is neither 0 nor 1"),
    ],
)
def test_a_text_that_is_no_record_is_refused(text: str, message: str) -> None:
    with pytest.raises(SnapshotError) as caught:
        decode_record(text)
    assert caught.value.message == f"/var/lib/pvesdn/written.json: {message}"
    assert caught.value.hint


SEEN_PVE1: dict[str, Any] = SEEN["vteps"]["pve1"]


def test_seen_vteps_come_back_as_they_were_kept() -> None:
    vteps = {
        "pve2": SeenVtep(address=ip_address("fd00::2"), mtu=9000),
        "pve1": SeenVtep(address=ip_address("10.0.0.1"), mtu=1550),
        "pve3": SeenVtep(
            address=ip_address("10.0.0.3"),
            mtu=None,
            devices=("eno1", "eno2"),
            others=((ip_address("10.9.0.3"), 9000),),
            paths=tuple(
                SeenPath(peer=ip_address(f"10.0.0.{number}"), mtu=mtu, devices=("eno3",))
                for number, mtu in ((9, 1500), (10, None))
            ),
        ),
        "pve4": SeenVtep(address=ip_address("10.0.0.4"), mtu=1550, former_vnis=((100, "vxlan_db"),), paths=()),
    }
    assert decode_seen(encode_seen(vteps)) == vteps


def test_the_same_vteps_give_the_same_bytes() -> None:
    vteps = {"pve1": SeenVtep(address=ip_address("192.168.0.1"), mtu=1550)}
    assert encode_seen(vteps) == json.dumps(SEEN, indent=1) + "\n"
    both = {**vteps, "a": vteps["pve1"]}
    assert encode_seen(both) == encode_seen(dict(reversed(both.items())))


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_nothing_was_seen_yet(text: str | None) -> None:
    assert decode_seen(text) == {}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the document is not a JSON object"),
        ({"format": 9}, "unknown format 9"),
        ({"format": 1}, "vteps is not a JSON object"),
        ({"format": 1, "vteps": {"a b": {}}}, "'a b' is not a node name"),
        ({"format": 1, "vteps": {"a": 1}}, "vtep of 'a' is not a JSON object"),
        ({"format": 1, "vteps": {"a": {"address": "x", "mtu": 1}}}, "address of 'a' is not an IP address"),
        ({"format": 1, "vteps": {"a": {"address": "10.0.0.1"}}}, "mtu of 'a' is not a whole number"),
        ({"format": 1, "vteps": {"a": SEEN_PVE1 | {"devices": "eno1"}}}, "devices of 'a' is not a JSON list"),
        ({"format": 1, "vteps": {"a": SEEN_PVE1 | {"devices": ["a b"]}}}, "devices of 'a' is not a name"),
        ({"format": 1, "vteps": {"a": SEEN_PVE1 | {"paths": {"x": {"mtu": 1}}}}}, "paths of 'a' is not an IP address"),
        ({"format": 1, "vteps": {"a": SEEN_PVE1 | {"paths": {"10.0.0.2": {}}}}}, "paths of 'a' is not a whole number"),
        ({"format": 1, "vteps": {"a": SEEN_PVE1 | {"former-vnis": [1]}}}, "former-vnis of 'a' is not a JSON object"),
        ({"format": 1, "vteps": {"a": SEEN_PVE1 | {"former-vnis": [{}]}}}, "former-vnis of 'a' is not a whole number"),
        ({"format": 1, "vteps": {"a": SEEN_PVE1 | {"paths": [1]}}}, "paths of 'a' is not a JSON object"),
    ],
)
def test_a_text_that_is_no_list_of_vteps_is_refused(document: Any, message: str) -> None:
    with pytest.raises(ClusterError) as caught:
        decode_seen(json.dumps(document))
    assert caught.value.message == f"/etc/pve/sdn/pvesdn-seen.json: {message}"
    assert caught.value.hint


def test_members_are_listed_with_what_pmxcfs_knows() -> None:
    members = decode_members(json.dumps(MEMBERS))
    assert (members.local, members.is_quorate) == ("pve1", True)
    assert members.nodes == {
        "pve1": ListedNode(1, is_online=True, address=ip_address("192.168.0.1")),
        "pve2": ListedNode(2, is_online=False, address=None),
    }
    assert list(members.nodes) == ["pve1", "pve2"]


def test_a_host_outside_any_cluster_lists_itself_and_is_quorate() -> None:
    members = decode_members('{"nodename": "pve", "version": 2}')
    assert members.is_quorate
    assert members.nodes == {"pve": ListedNode(0, is_online=True, address=None)}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "the document is not a JSON object"),
        ({}, "nodename is not printable text"),
        ({"nodename": ""}, "nodename is not a name"),
        (MEMBERS | {"cluster": 1}, "cluster is not a JSON object"),
        (MEMBERS | {"cluster": {}}, "quorate is neither 0 nor 1"),
        (MEMBERS | {"nodelist": [1]}, "nodelist is not a JSON object"),
        (MEMBERS | {"nodelist": {"a": 1}}, "entry of 'a' is not a JSON object"),
        (MEMBERS | {"nodelist": {"a": {"online": 1}}}, "id of 'a' is not a whole number"),
        (MEMBERS | {"nodelist": {"a": {"id": 1}}}, "online of 'a' is neither 0 nor 1"),
        (MEMBERS | {"nodelist": {"a": {"id": 1, "online": 1, "ip": "x"}}}, "ip of 'a' is not an IP address"),
    ],
)
def test_a_text_that_is_no_list_of_members_is_refused(document: Any, message: str) -> None:
    with pytest.raises(ClusterError) as caught:
        decode_members(json.dumps(document))
    assert caught.value.message == f"/etc/pve/.members: {message}"
    assert caught.value.hint
