"""The stand-in for `vtysh -C` refuses what the real one refuses, line by line."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.frr import installed_vtysh
from pvesdn_lab.simulated.commands.frr_grammar import check
from tests.golden.test_frr_accepts import FILES, REFUSED

CASES = Path(__file__).parents[2]
VTYSH = shutil.which("vtysh", path="/usr/bin:/usr/local/bin") or shutil.which("vtysh")

WRONG = {
    "nowhere a command": ["frobnicate", "42 is no command", "Router bgp 65000", "hostname a b", "bfd banana"],
    "cut off": ["router", "vrf", "interface", "no", "ip", "hostname", "frr version", "ip protocol bgp", "access-list"],
    "in the wrong place": [
        "neighbor 192.0.2.1 remote-as 65000",
        "exit-vrf",
        "exit-address-family",
        "advertise-all-vni",
        "router bgp 65000\n vni 4000\n  neighbor 192.0.2.1 activate",
        "vrf red\n redistribute connected",
        "interface eno1\n neighbor 192.0.2.1 activate",
        "router bgp 65000\n address-family ipv4 unicast\n  advertise-all-vni",
        "exit\nhostname pve1\nrouter bgp 65000",
    ],
    "out of range": [
        "router bgp 0",
        "router bgp 4294967296",
        "vrf red\n vni 0",
        "vrf red\n vni 16777216",
        "route-map A permit 0",
        "route-map A permit 65536",
        "interface eno1\n vrrp 0",
        "interface eno1\n vrrp 256",
        "interface eno1\n vrrp 5 version 4",
        "interface eno1\n vrrp 5 priority 255",
        "ip route 198.51.100.0/33 blackhole",
        "router bgp 65000\n neighbor X bfd 1 300 300",
        "router bgp 65000\n neighbor X ebgp-multihop 256",
        "bfd\n profile fast\n  detect-multiplier 1",
    ],
    "of another kind": [
        "router bgp banana",
        "router bgp 65000\n bgp router-id banana",
        "router bgp 65000\n neighbor X remote-as banana",
        "router bgp 65000\n neighbor X bfd banana",
        "router bgp 65000\n address-family l2vpn banana",
        "router bgp 65000\n address-family ipv4 unicast\n  redistribute banana",
        "router bgp 65000\n address-family l2vpn evpn\n  vni banana",
        "router bgp 65000\n address-family l2vpn evpn\n  advertise ipv5 unicast",
        "router bgp 65000\n address-family l2vpn evpn\n  neighbor X route-map A sideways",
        "ip route banana blackhole",
        "ipv6 route 198.51.100.0/24 blackhole",
        "ip prefix-list x permit banana",
        "ip forwarding yes",
        "log syslog banana",
        "route-map A maybe 1",
        "route-map A permit 10\n set metric banana",
        "route-map A permit 10\n set src banana",
        "interface eno1\n vrrp 5 ip banana",
        "interface eno1\n ip ospf area banana",
        "interface eno1\n ip ospf network banana",
        "router ospf\n ospf router-id banana",
    ],
    "one word missing": [
        "router bgp 65000 vrf",
        "router bgp 65000\n neighbor 192.0.2.1",
        "router bgp 65000\n address-family ipv4 unicast\n  import vrf",
        "router bgp 65000\n address-family ipv4 unicast\n  redistribute",
        "router bgp 65000\n address-family l2vpn evpn\n  advertise ipv4",
        "router bgp 65000\n address-family l2vpn evpn\n  vni 10\n   route-target import",
        "interface eno1\n ip router openfabric",
        "interface eno1\n description",
        "router ospf\n network 198.51.100.0/24 area",
        "ip route 198.51.100.0/24",
        "ip prefix-list x",
    ],
    "a name with one letter too many": [
        "router bgp 65000\n neighbour X activate",
        "router bgp 65000\n address-family l2vpn evpn\n  advertise-all-vnis",
        "router bgp 65000\n address-family l2vpn evpn\n  neighbor X route-reflector-clients",
        "router bgp 65000\n no bgp default ipv4-unicasts",
        "no ip forwardings",
        "line vtys",
    ],
    "several": [
        "router bgp 65000\n frob\n address-family l2vpn evpn\n  frob\n exit-address-family\nexit\nhostname x\nfrob"
    ],
}
RIGHT = [
    # `ip` is short for `ipv6` too.
    "ip route 2001:db8::/32 blackhole",
    # What a route target is, bgpd alone knows.
    "router bgp 65000\n address-family l2vpn evpn\n  vni 10\n   rd banana\n   route-target import banana",
    "rou bgp 65000\n nei X peer-group",
    "! a comment\n# another\n\nhostname pve1",
    "router bgp 65000\n address-family ipv4 unicast\nrouter bgp 65001 vrf red",
    "router bgp 65000\nend\nhostname pve1",
    "exit\nexit\nfrobnicate",
    "no router bgp 65000",
    "vrf red\n vni 4000\n ip route 0.0.0.0/0 203.0.113.1 eno2\nexit-vrf",
]

needs_vtysh = pytest.mark.skipif(
    VTYSH is None, reason="vtysh is not here, so the stand-in was not held to it: tools/setup test"
)


def refused(complaints: str) -> list[int]:
    """The lines that are named, which do not depend on FRR's version; what is said of them does."""
    return [int(number) for number in re.findall(r"(?m)^line (\d+):", complaints)]


def really(text: str, folder: Path) -> tuple[list[int], bool]:
    file = folder / "frr.conf"
    file.write_text(text + "\n")
    done = subprocess.run([str(VTYSH), "-C", "-f", file], capture_output=True, text=True, check=False, timeout=60)
    return refused(done.stderr), done.returncode == 0


def here(text: str) -> tuple[list[int], bool]:
    faults, status = check(text)
    return refused("".join(map(str, faults))), status == 0


@pytest.mark.parametrize("text", [text for texts in WRONG.values() for text in texts])
def test_a_wrong_line_is_refused(text: str) -> None:
    lines, is_content = here(text)
    assert lines
    assert not is_content


@pytest.mark.parametrize("text", RIGHT)
def test_what_looks_wrong_and_is_not_is_taken(text: str) -> None:
    assert here(text) == ([], True)


@needs_vtysh
@pytest.mark.parametrize("text", [*(text for texts in WRONG.values() for text in texts), *RIGHT])
def test_the_real_one_refuses_the_same_lines(text: str, tmp_path: Path) -> None:
    assert here(text) == really(text, tmp_path)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(CASES).as_posix())
def test_the_stand_in_takes_what_is_expected_of_every_golden_case(file: Path) -> None:
    assert set(here(file.read_text("utf-8"))[0]) == REFUSED.get(file.relative_to(CASES).as_posix(), set())


def test_a_complaint_reads_as_the_real_one() -> None:
    faults, status = check("router bgp 65000\n frob\n neighbor X\n")
    said = "line 2: % Unknown command[25]:  frob\nline 3: % Command incomplete[25]:  neighbor X\n\n"
    assert ("".join(map(str, faults)), status) == (said, 4)


@pytest.mark.parametrize("has_real_one", [pytest.param(True, marks=needs_vtysh), False])
def test_a_simulated_node_checks_with_the_real_one_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, has_real_one: bool
) -> None:
    node = SimulatedCluster(tmp_path, ("pve1",)).nodes["pve1"]
    if has_real_one:
        monkeypatch.setenv("PATH", f"{node.root}/bin:{Path(str(VTYSH)).parent}:/usr/bin:/bin")
        assert installed_vtysh(node.root) == VTYSH
    node.write("/etc/frr/frr.conf", "hostname pve1\nfrobnicate\n")
    result = node.run("vtysh", "-C", "-f", "/etc/frr/frr.conf")
    assert (result.returncode, result.stderr) == (2, "line 2: % Unknown command[4]: frobnicate\n")


def test_it_is_never_its_own_real_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = SimulatedCluster(tmp_path, ("pve1",)).nodes["pve1"]
    monkeypatch.setenv("PATH", f"{node.root}/bin")
    assert installed_vtysh(node.root) in {None, "/usr/bin/vtysh"}
