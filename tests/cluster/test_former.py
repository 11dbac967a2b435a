"""`pvesdn rollback N` on the simulated cluster: what it brings back, what it refuses, and what its hints lead to."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pvesdn.workflows.history import read_history
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cli.kit import Result, call, settings_file
from tests.cluster.kit import ANOTHER_ZONE, EVPN, PVE_SIMPLE, plan_of, serving, state_of, world_of

Sections = dict[str, dict[str, str]]
OWN = "pvesdn.cfg"


class Shell:
    """Somebody who types commands on a cluster."""

    def __init__(self, cluster: SimulatedCluster, folder: Path) -> None:
        self.cluster = cluster
        self._folder = folder
        self.settings = settings_file(folder)

    def run(self, words: str) -> Result:
        """A command line, with `>FILE` if there is one."""
        words, _, file = words.partition(">")
        argv = [str(self._folder / word) if word.endswith((".cfg", ".plan")) else word for word in shlex.split(words)]
        there: Any = SimpleNamespace(world=lambda observer, **_: replace(world_of(self.cluster), observer=observer))
        done = call("--config", self.settings, *argv[1:], cluster=there)
        if file:
            (self._folder / file.strip()).write_text(done.out)
        return done

    def apply(self, files: Mapping[str, str]) -> Result:
        for name, text in files.items():
            self.cluster.write_sdn(name, text)
        done = self.run("pvesdn apply --yes --overwrite")
        assert done.status == 0, done.err
        return done


def test_a_rollback_brings_back_what_was_and_leaves_nothing_to_plan(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({})
        before = state_of(cluster)
        shell.apply({OWN: EVPN + ANOTHER_ZONE})
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 0, done.err
        assert "Back to the definitions of apply 1, " in done.err
        assert cluster.read_sdn(OWN) == EVPN
        assert plan_of(cluster).is_empty
        now = state_of(cluster)
        for node, state in before.items():
            assert isinstance(state, dict)
            changed = {key for key, value in state.items() if now[node][key] != value}  # type: ignore[index]
            assert all("var/lib/pvesdn" in key or key == "frr" for key in changed), changed
        entries = read_history(world_of(cluster)).entries
        assert [(entry.number, entry.comment) for entry in entries] == [(1, ""), (2, ""), (3, "rollback to 1")]
        assert entries[2].after == entries[0].after
        assert entries[2].before == entries[1].after
        assert "No changes." in shell.run("pvesdn rollback 1 --yes").out
        assert shell.run("pvesdn diff 1").out == "No difference between 1 and now.\n"


def test_former_definitions_that_do_not_fit_any_more_are_refused_by_their_own_name(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({OWN: EVPN + "\nvxlan: small\n\tnodes pve3\n"})
        shell.apply({OWN: EVPN})
        cluster.leave("pve3")
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 1
        found = re.search(r"<apply 1>:(\d+): zone '(\w+)'", done.err)
        assert found, done.err
        assert "error: <apply 1> is what `pvesdn history show 1 --definitions` prints\n" in done.err
        text = shell.run("pvesdn history show 1 --definitions").out.splitlines()
        assert text[int(found[1]) - 1] in {f"vxlan: {found[2]}", "\tnodes pve3"}
        assert cluster.read_sdn(OWN) == EVPN


THEN = {
    "zones.cfg": "simple: lan\n\tipam pve\n\nsimple: spare\n\tmtu 1400\n\n",
    "vnets.cfg": "vnet: office\n\tzone lan\n\talias the office\n\nvnet: old\n\tzone spare\n\n",
}
SINCE = {
    "zones.cfg": "simple: lan\n\nsimple: wan\n\n",
    "vnets.cfg": "vnet: office\n\tzone lan\n\talias another\n\tvlanaware 1\n\nvnet: guest\n\tzone wan\n\n",
}


NO_LOCK = "before libpve-network-perl 1.1.3 PVE has no lock under which pvesdn could write them"


def test_what_pvesdn_does_not_write_is_named_and_who_does_it_in_the_panel_can_go_back(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", character=8) as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(THEN)
        shell.apply({**SINCE, OWN: EVPN + ANOTHER_ZONE})
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 1
        assert done.err.splitlines()[1:-1] == [
            f"error: PVE's own definitions are not those of apply 1, and {NO_LOCK}:",
            "error: vnet 'guest': was not there; remove it",
            "error: vnet 'office': is another; set alias back to the office, no vlanaware any more",
            "error: vnet 'old': is gone; create it again: type vnet, zone spare",
            "error: zone 'lan': is another; set ipam back to pve",
            "error: zone 'spare': is gone; create it again: type simple, mtu 1400",
            "error: zone 'wan': was not there; remove it",
        ]
        assert cluster.read_sdn(OWN) == EVPN + ANOTHER_ZONE
        assert len(read_history(world_of(cluster)).entries) == 2
        for kind, id_, deed in re.findall(r"error: (\w+) '(\w+)': (.*)", done.err):
            in_the_panel(cluster, f"{kind}s.cfg", id_, deed)
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 0, done.err
        assert cluster.read_sdn(OWN) == EVPN
        assert plan_of(cluster).is_empty
        entries = read_history(world_of(cluster)).entries
        assert entries[-1].after == entries[0].after


FABRIC = "wireguard_fabric: mesh\n\tip_prefix 10.9.0.0/24\n\n"


def test_who_goes_back_with_pvesdn_cfg_alone_as_is_said_can_do_that(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply(THEN)
        shell.apply({"fabrics.cfg": FABRIC, OWN: EVPN + ANOTHER_ZONE})
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 1
        assert "and WireGuard and BGP fabrics, route maps and prefix lists are not written" in done.err
        assert "fabric 'mesh': was not there; remove it" in done.err
        _, _, commands = done.err.rstrip().rpartition("alone: ")
        for command in commands.split("; "):
            done = shell.run(f"{command} --yes" if command.startswith("pvesdn apply") else command)
            assert done.status == 0, done.err
        assert cluster.read_sdn(OWN) == EVPN
        assert cluster.read_sdn("fabrics.cfg") == FABRIC
        assert plan_of(cluster).is_empty


def in_the_panel(cluster: SimulatedCluster, file: str, id_: str, deed: str) -> None:
    """Do in the panel what a message asks for."""
    sections = sections_of(cluster.read_sdn(file) or "")
    if deed == "was not there; remove it":
        del sections[id_]
    elif deed.startswith("is gone; create it again: "):
        sections[id_] = dict(words.split(" ", 1) for words in deed.partition(": ")[2].split(", "))
    else:
        for words in deed.removeprefix("is another; set ").split(", "):
            if gone := re.fullmatch(r"no (\S+) any more", words):
                del sections[id_][gone[1]]
            else:
                key, _, value = words.partition(" back to ")
                sections[id_][key] = value
    text = ""
    for name, properties in sections.items():
        lines = [f"\t{key} {value}\n" for key, value in properties.items() if key != "type"]
        text += f"{properties['type']}: {name}\n{''.join(lines)}\n"
    cluster.write_sdn(file, text)


def sections_of(text: str) -> Sections:
    found: Sections = {}
    for block in text.strip().split("\n\n"):
        head, *lines = block.splitlines()
        kind, _, name = head.partition(": ")
        found[name] = {"type": kind, **dict(line.strip().split(" ", 1) for line in lines)}
    return found


def test_where_pve_had_nothing_or_has_nothing_any_more_it_goes_or_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster") as cluster:
        shell = Shell(cluster, tmp_path)
        shell.apply({})
        shell.apply(PVE_SIMPLE)
        for number, zones in ((1, ""), (2, PVE_SIMPLE["zones.cfg"])):
            done = shell.run(f"pvesdn rollback {number} --yes")
            assert done.status == 0, done.err
            assert cluster.read_sdn("zones.cfg") == zones
            assert plan_of(cluster).is_empty
