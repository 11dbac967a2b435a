"""What a snapshot tells of values that it hides: nothing, by no digest, no reason and no short spelling."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pvesdn.compare.conflicts import conflict
from pvesdn.decode.frr.local import digest_of_ours
from pvesdn.decode.frr.text import meaning
from pvesdn.decode.nodes.record import Record, decode_record
from pvesdn.decode.secrets.veil import Veil
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_LOCAL_BEGIN, FRR_LOCAL_END, OUR_INTERFACES
from pvesdn.model.snapshot import RECORD_FILE, NodeRaw, Snapshot
from pvesdn.redact.answers import hide_api, hide_command_answer, hide_record
from pvesdn.redact.definitions import hide_running
from pvesdn.redact.frr import hide_frr
from pvesdn.redact.reasons import hide_reason
from pvesdn.redact.settings import hide_daemons
from pvesdn.redact.snapshot import without_secrets

ROOT = Path(__file__).parents[3]
WRITTEN = "frr version 10.4\nfrr defaults datacenter\nrouter bgp 65001\n neighbor 192.0.2.9 password swordfish\nexit\n"
BY_FRR = WRITTEN.replace("frr version 10.4", "frr version 10.4.1").replace("exit\n", "exit\n!\nend\n")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def shown(files: Mapping[str, str], record: Mapping[str, object]) -> tuple[Mapping[str, str], Record]:
    """The files of a node in a snapshot, and the record there."""
    node = NodeRaw({**files, RECORD_FILE: json.dumps({"format": 1, "unfinished": False, **record})}, {})
    cleaned = without_secrets(Snapshot({}, {}, {"node1": node})).snapshot.nodes["node1"].files
    return cleaned, decode_record(cleaned[RECORD_FILE])


def digests(record: Record) -> set[str]:
    return {*(record.files or {}).values(), *record.meanings.values()}


def test_our_file_stays_ours_by_its_digest_and_by_its_meaning() -> None:
    for current in (WRITTEN, BY_FRR):
        record = {"files": {FRR_CONF: sha256(WRITTEN)}, "meanings": {FRR_CONF: meaning(WRITTEN)}}
        assert conflict(FRR_CONF, current, record["files"], record["meanings"]) == ""
        files, found = shown({FRR_CONF: current}, record)
        assert "swordfish" not in files[FRR_CONF]
        assert conflict(FRR_CONF, files[FRR_CONF], found.files, found.meanings) == ""


@pytest.mark.parametrize("current", [WRITTEN, BY_FRR, WRITTEN + "ip forwarding\n", ""])
def test_no_digest_lets_a_password_be_guessed(current: str) -> None:
    record = {"files": {FRR_CONF: sha256(WRITTEN)}, "meanings": {FRR_CONF: meaning(WRITTEN)}}
    _, found = shown({FRR_CONF: current} if current else {}, record)
    assert digests(found).isdisjoint({sha256(WRITTEN), meaning(WRITTEN)})


def test_an_edited_file_stays_edited() -> None:
    edited = BY_FRR + "router ospf\n"
    record = {"files": {FRR_CONF: sha256(WRITTEN)}, "meanings": {FRR_CONF: meaning(WRITTEN)}}
    files, found = shown({FRR_CONF: edited}, record)
    assert conflict(FRR_CONF, files[FRR_CONF], found.files, found.meanings) == "it was edited after pvesdn wrote it"


def test_our_block_of_frr_conf_local_stays_as_it_was_left_whatever_stands_beside_it() -> None:
    ours = f"{FRR_LOCAL_BEGIN}\nrouter bgp 1\n neighbor fabric password swordfish\nexit\n{FRR_LOCAL_END}\n"
    beside = f"ip route 10.0.0.0/8 blackhole\n{ours}"
    record = {"files": {FRR_CONF_LOCAL: sha256(ours)}, "meanings": {FRR_CONF_LOCAL: digest_of_ours(ours)}}
    files, found = shown({FRR_CONF_LOCAL: beside}, record)
    assert "swordfish" not in files[FRR_CONF_LOCAL]
    assert found.meanings == {FRR_CONF_LOCAL: digest_of_ours(files[FRR_CONF_LOCAL])}
    assert digests(found).isdisjoint({sha256(ours), digest_of_ours(ours)})


def test_the_record_of_files_that_are_shown_as_they_are_stays_as_it_is() -> None:
    text = "auto web\niface web\n\tmtu 1450\n"
    files, _ = shown({OUR_INTERFACES: text}, {"files": {OUR_INTERFACES: sha256(text)}})
    assert json.loads(files[RECORD_FILE])["files"] == {OUR_INTERFACES: sha256(text)}


@pytest.mark.parametrize(
    ("reason", "hidden"),
    [
        ("node2: ssh: connect to host 192.0.2.9 port 22: Connection refused", ()),
        ("node2: ssh: root@192.0.2.9: Permission denied (publickey,password)", ("root@192.0.2.9",)),
        ("node2: /etc/network/interfaces.d/x is a symbolic link that leads out of its folder", ()),
        ("node2: ssh: jump --token s3cr3t:swordfish: Connection refused", ("jump", "--token", "s3cr3t:swordfish")),
        ("node2: ssh: https://bob:swordfish@proxy.example/: timed out", ("https://bob:swordfish@proxy.example/",)),
        ("node2: ssh: error (password=swordfish)", ("password=swordfish",)),
    ],
)
def test_a_reason_shows_words_of_ssh_and_of_the_system(reason: str, hidden: tuple[str, ...]) -> None:
    cleaned = without_secrets(Snapshot({}, {}, {}, {"node2": reason}))
    expected = reason
    for number, word in enumerate(hidden, 1):
        expected = expected.replace(word, f"hidden-{number}", 1)
    assert cleaned.snapshot.unreachable == {"node2": expected}
    assert cleaned.replaced == ({"unreachable.json": len(hidden)} if hidden else {})


def refusals() -> Iterator[tuple[str, str]]:
    """Words of our own that say why a node was not read, as far as they are constant: where they
    stand, and the words.
    """
    read_with = ("dialogue", "files", "machine", "observe", "record", "request", "swap", "sysctl")
    package = ROOT / "pvesdn"
    files = [package / f"node/program/{part}.py" for part in read_with]
    for file in (*files, *(package / "adapters/nodes").glob("*.py"), package / "decode/nodes/answers.py"):
        for raised in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(raised, ast.Raise):
                for part in ast.walk(raised):
                    if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value:
                        yield f"{file.name}:{part.lineno}", part.value


def test_no_word_is_hidden_of_what_pvesdn_says_of_a_node_that_it_could_not_read() -> None:
    said = dict(refusals())
    assert len(said) > 30
    assert {place: left for place, text in said.items() if (left := hide_reason(text, Veil())) != text} == {}


def test_the_devices_of_the_memory_are_shown() -> None:
    text = '{"format": 1, "vteps": {"node1": {"address": "192.0.2.1", "mtu": 9000, "devices": ["eno1", "vmbr0+1"]}}}'
    assert hide_record(text, Veil()) == text
    text = '{"format": 1, "vteps": {"node1": {"former-vnis": [{"vni": 100, "device": "vxlan_db"}]}}}'
    assert hide_record(text, Veil()) == text


def test_a_set_of_nodes_that_was_committed_is_shown() -> None:
    text = '{"zones": {"ids": {"prod": {"type": "evpn", "exitnodes": {"node1": 1}, "vrf-vxlan": 10}}}}'
    assert hide_running(text, Veil()) == text
    secret = text.replace(": 1}", ': "swordfish"}')
    assert "swordfish" not in hide_running(secret, Veil())


@pytest.mark.parametrize(
    "line",
    [
        " ip ospf message-digest 1 md5 12345678",
        " area 0 virtual-link 192.0.2.1 message-digest 1 md5 12345678",
        " isis pass clear 12345678",
        " isis passwo md5 12345678",
        " ipv6 ospf6 authentication key-id 5 hash-algo md5 key 12345678",
        " peer 192.0.2.1 key 12345678",
    ],
)
def test_a_key_behind_a_short_spelling_is_hidden(line: str) -> None:
    assert "12345678" not in hide_frr(line, Veil())


def test_another_name_of_a_device_is_no_place_for_a_key() -> None:
    rows = [{"ifname": "eno1", "altnames": ["enp3s0", "yAnz5TF+lXXJte14tji3zlMNqhd2rYUIgJBgB3fBmk"]}]
    assert hide_command_answer("ip-link", rows, Veil()) == [{"ifname": "eno1", "altnames": ["enp3s0", "hidden-1"]}]


def test_the_keys_of_a_chain_are_counted() -> None:
    for line in (" key 1", " no key 12", " ip router isis prod", " ip router isis pass", " isis circuit-type level-1"):
        assert hide_frr(line, Veil()) == line


@pytest.mark.parametrize(
    "line",
    ["TOKEN=12345678", 'bgpd_options="-A 127.0.0.1 --snmp-pass 12345678"', "export PIN=12345678", "PIN=12345678"],
)
def test_a_number_is_shown_where_a_daemon_has_one(line: str) -> None:
    assert "12345678" not in hide_daemons(line, Veil())
    for known in ("bgpd=yes", "MAX_FDS=1024", 'zebra_options="  -A 127.0.0.1 -s 90000000"'):
        assert hide_daemons(known, Veil()) == known


def test_numbers_of_keys_that_nobody_knows_are_hidden() -> None:
    assert hide_api([{"name": "node1", "online": 1, "pin": 12345678}], Veil()) == [
        {"name": "node1", "online": 1, "pin": "hidden-1"}
    ]
    rows = [{"mtu": 1500, "linkinfo": {"info_data": {"id": 100, "psk": 12345678, "private_key": "12345678"}}}]
    assert hide_command_answer("ip-link", rows, Veil()) == [
        {"mtu": 1500, "linkinfo": {"info_data": {"id": 100, "psk": "hidden-1", "private_key": "hidden-1"}}}
    ]


def test_guests_devices_keep_their_ids_bridges_and_mtus_and_nothing_else() -> None:
    row = {"guest": 101, "device": 0, "bridge": "web", "mtu": 9000}
    assert hide_command_answer("nics", [row, {**row, "note": "hunter2"}], Veil()) == [row, {**row, "note": "hidden-1"}]


GOLDEN = sorted((ROOT / "tests/golden").glob("*/expected/*/etc/network/interfaces.d/pvesdn"))


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.relative_to(ROOT / "tests/golden").as_posix())
def test_every_command_that_we_print_is_shown(path: Path) -> None:
    written = path.read_text("utf-8")
    commands = [line for line in written.splitlines() if line.split()[:1] in (["pre-up"], ["post-up"])]
    in_snapshot = shown({OUR_INTERFACES: written}, {"files": {}})[0][OUR_INTERFACES].splitlines()
    assert [line for line in commands if line not in in_snapshot] == []
