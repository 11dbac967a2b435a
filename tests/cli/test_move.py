"""`pvesdn import --from-pve`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import write_snapshot
from tests.cli.kit import Result, call
from tests.unit.move.kit import EVPN, PEERS, VXLAN, drawn

WEB = "vnet: web\n\tzone wide\n\ttag 11\n\talias Office, second floor\n\tisolate-ports 1\n\n"
ADDED = f"""\
vxlan: wide
	mtu 1450
	peers {PEERS}

vnet: web
	tag 11
	zone wide
	alias Office, second floor
"""
NOTES = (
    "note: zones.cfg:1: zone 'wide': mtu 1450 is written down, since that is PVE's default and pvesdn's follows the"
    " underlay\n"
    "note: zones.cfg:1: zone 'wide': peers are carried as they are; without the line they follow the members of the"
    " cluster; leave it out later, once the plan shows that nothing changes by it\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A snapshot of a cluster with one plain zone of PVE's."""
    write_snapshot(tmp_path / "s", drawn(f"{VXLAN}\tipam pve\n\n", WEB, controllers=""))
    return tmp_path / "s"


def test_the_whole_cut_over_is_on_the_screen(folder: Path) -> None:
    expected = f"""\
Proposed: /etc/pve/sdn/pvesdn.cfg: these sections are appended

{ADDED}
What becomes of each property
  lost: zones.cfg:3: zone 'wide': ipam pve: PVE's IPAM no longer knows the addresses of these subnets; no packet \
changes; copy what is registered there before the cut-over, if anybody uses it
  lost: vnets.cfg:5: vnet 'web': isolate-ports 1: ports that are plugged in after the cut-over are not isolated: \
guests of one node reach each other; keep the zone in PVE if guests must not reach each other

What changes on the wire
  nothing: every device keeps its VNI, its addresses, its MAC and its MTU

What goes with the panel
  Guests stay plugged in, and their configuration stays right: bridge web keeps its name.
  The panel no longer offers the VNets: a NIC is set by 'qm set VMID --net0 virtio,bridge=web'.
  Users other than root@pam need SDN.Use on /sdn/zones/localnetwork/web; rights on the zone no longer count.
  Firewall rules of VNets (/etc/pve/sdn/firewall/VNET.fw) no longer apply: move them to the guests first.
  The firewall's IP sets +sdn/VNET-... are gone: in rules that use them, write the addresses themselves first.
  The panel no longer shows the state of the zone; 'pvesdn show' and 'pvesdn plan' do.

Cut-over: as root on a node of the cluster, with pvesdn-watch stopped; no node changes before the last line

Stop at the first line that fails, and go the way back, leaving out what has not changed yet.

pvesh delete /cluster/sdn/vnets/web
pvesh delete /cluster/sdn/zones/wide
cat >> /etc/pve/sdn/pvesdn.cfg <<'END'

{ADDED.replace(chr(9), "  ")}END
pvesdn plan
pvesdn apply

The way back, before apply or after it

# take these sections out of /etc/pve/sdn/pvesdn.cfg
pvesh create /cluster/sdn/zones --zone wide --type vxlan --peers {PEERS} --ipam pve
pvesh create /cluster/sdn/vnets --vnet web --zone wide --tag 11 --alias 'Office, second floor' --isolate-ports 1
pvesdn plan
pvesdn apply

What then comes: the plan of apply, once these commands have run

"""
    result = call("import", "--from-pve", "wide", "--from", folder)
    assert (result.status, result.err) == (0, NOTES)
    shown, _, plan = result.out.partition(expected)
    assert (shown, plan != "") == ("", True)
    assert plan.count("~ web  (moves here from /etc/network/interfaces.d/sdn; the device stays)") in {1, 3}
    assert plan.endswith("Plan: 0 to add, 6 to change, 0 to destroy on 3 of 3 nodes.\n")


def test_quiet_prints_the_sections_alone(folder: Path) -> None:
    assert call("import", "-q", "--from-pve", "wide", "--from", folder) == Result(0, ADDED, "")


def test_verbose_tells_what_became_of_every_property(folder: Path) -> None:
    out = call("import", "-v", "--from-pve", "wide", "--from", folder).out
    assert f"  carried: zones.cfg:2: zone 'wide': peers {PEERS}\n" in out
    assert "  carried: vnets.cfg:3: vnet 'web': tag 11\n" in out


def test_a_folder_gets_two_scripts_and_they_are_the_cut_over(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "cut over"
    result = call("import", "--from-pve", "wide", "--from", folder, "--output", place)
    assert result.status == 0
    assert f"\nsh '{place}/to-pvesdn.sh'\npvesdn apply\n\nThe way back, before apply or after it\n" in result.out
    assert f"\nsh '{place}/back-to-pve.sh'\npvesdn apply\n" in result.out
    for name in ("to-pvesdn.sh", "back-to-pve.sh"):
        assert os.access(place / name, os.X_OK)
        assert subprocess.run(["sh", "-n", place / name], check=False).returncode == 0
    again = call("import", "--from-pve", "wide", "--from", folder, "--output", place)
    assert (again.status, again.out) == (1, "")
    assert "to-pvesdn.sh already exists; choose another place, or use --overwrite to replace it" in again.err
    assert call("import", "--from-pve", "wide", "--from", folder, "--output", place, "--overwrite").status == 0


def test_where_the_zone_cannot_be_moved_there_is_no_script_and_status_1(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", drawn(f"{EVPN}\texitnodes node1\n\n"))
    result = call("import", "--from-pve", "prod", "--from", tmp_path / "s", "--output", tmp_path / "o")
    assert result.status == 1
    assert "Cut-over" not in result.out
    assert "  needed: zones.cfg:5: zone 'prod': exitnodes node1: pvesdn has no exit" in result.out
    assert "error: the zone cannot be moved like this: zones.cfg:5: zone 'prod': exitnodes node1: " in result.err
    assert not (tmp_path / "o").exists()


def test_several_zones_go_together(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", drawn(f"{VXLAN}\n{EVPN}\n", WEB))
    result = call("import", "--json", "--from-pve", "wide", "--from-pve", "prod", "--from", tmp_path / "s")
    document = json.loads(result.out)
    assert document["zones"] == ["prod", "wide"]
    there, back = document["cut_over"]
    assert (there["name"], back["name"]) == ("to-pvesdn.sh", "back-to-pve.sh")
    assert there["lines"][:3] == [
        "pvesh delete /cluster/sdn/zones/prod",
        "pvesh delete /cluster/sdn/vnets/web",
        "pvesh delete /cluster/sdn/zones/wide",
    ]
    assert {row["fate"] for row in document["properties"]} == {"carried", "lost"}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--write",), "--write cannot be used with --from-pve: both halves of the definitions change in one step"),
        (("--to-pve", "x"), "--from-pve and --to-pve go different ways"),
        (("--as", "pve"), "--as cannot be used with --from-pve"),
        (("--edited", "x"), "--edited cannot be used with --from-pve: no file of the nodes has to be edited"),
    ],
)
def test_options_about_hand_written_files_are_refused(folder: Path, options: tuple[str, ...], why: str) -> None:
    result = call("import", "--from-pve", "wide", "--from", folder, *options)
    assert result.status == 1
    assert why in result.err


def test_what_is_to_be_applied_already_is_said_first(tmp_path: Path) -> None:
    snapshot = drawn(f"{VXLAN}\n", WEB, controllers="", own="vxlan: ours\n\nvnet: flat\n\tzone ours\n\ttag 99\n\n")
    write_snapshot(tmp_path / "s", snapshot)
    result = call("import", "--from-pve", "wide", "--from", tmp_path / "s")
    first = (
        "warning: cluster: there are changes to apply already, which the cut-over would bring along; run pvesdn plan"
    )
    assert result.err.startswith(first)


def test_the_way_to_the_panel_is_shown_in_the_same_way(tmp_path: Path) -> None:
    own = "vxlan: ours\n\tmtu 1450\n\nvnet: app\n\tzone ours\n\ttag 21\n\n"
    write_snapshot(tmp_path / "s", drawn("", controllers="", own=own))
    expected = f"""\
Proposed: /etc/pve/sdn/vnets.cfg: these sections are created through PVE's API

vnet: app
	zone ours
	tag 21

Proposed: /etc/pve/sdn/zones.cfg: these sections are created through PVE's API

vxlan: ours
	peers {PEERS}

What changes on the wire
  nothing: every device keeps its VNI, its addresses, its MAC and its MTU

What comes with the panel
  Guests stay plugged in: bridge app keeps its name.
  Users other than root@pam need SDN.Use on /sdn/zones/ours/app; rights on /sdn/zones/localnetwork no longer count.
  The panel offers the VNets and shows the zone's state; zones get no IPAM until one is chosen there.

Cut-over: as root on a node of the cluster, with pvesdn-watch stopped; no node changes before the last line

Stop at the first line that fails, and go the way back, leaving out what has not changed yet.

# take these sections out of /etc/pve/sdn/pvesdn.cfg
pvesh create /cluster/sdn/zones --zone ours --type vxlan --peers {PEERS}
pvesh create /cluster/sdn/vnets --vnet app --zone ours --tag 21
pvesdn plan
pvesdn apply

The way back, before apply or after it

pvesh delete /cluster/sdn/vnets/app
pvesh delete /cluster/sdn/zones/ours
cat >> /etc/pve/sdn/pvesdn.cfg <<'END'

vxlan: ours
  mtu 1450

vnet: app
  zone ours
  tag 21
END
pvesdn plan
pvesdn apply

What then comes: the plan of apply, once these commands have run

"""
    result = call("import", "--to-pve", "ours", "--from", tmp_path / "s")
    assert result.status == 0
    assert result.out.partition(expected)[0] == ""
    document = json.loads(call("import", "--json", "--to-pve", "ours", "--from", tmp_path / "s").out)
    assert [script["name"] for script in document["cut_over"]] == ["to-pve.sh", "back-to-pvesdn.sh"]
    assert [row["file"] for row in document["definitions"]] == ["/etc/pve/sdn/vnets.cfg", "/etc/pve/sdn/zones.cfg"]


def test_what_a_snapshot_hides_is_not_to_be_run(tmp_path: Path) -> None:
    write_snapshot(tmp_path / "s", drawn(f"{VXLAN}\n", WEB.replace("Office", "hidden-1"), controllers=""))
    result = call("import", "--from-pve", "wide", "--from", tmp_path / "s")
    assert "warning: the snapshot masks values in these definitions: run import on the cluster" in result.err
