"""The playbook of docs/ansible.md, with ansible-core itself, on a simulated cluster."""

from __future__ import annotations

import getpass
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import EVPN, plan_of, serving, state_of
from tools.demo import settings_file

ROOT = Path(__file__).parents[1]
PLAYBOOK = ROOT / "docs" / "examples" / "ansible" / "pvesdn.yml"
ANSIBLE = shutil.which("ansible-playbook", path=f"{ROOT / 'build/ansible/bin'}{os.pathsep}{os.environ.get('PATH', '')}")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(ANSIBLE is None, reason="ansible-core is not here: make ansible puts it below build/"),
]
VXLAN = "vxlan: lan\n\nvnet: office\n\tzone lan\n\ttag 7\n\n"


@dataclass(frozen=True)
class Recap:
    """What Ansible counts at the end."""

    changed: int
    failed: int
    text: str


class Operator:
    """Somebody who runs the playbook."""

    def __init__(self, cluster: SimulatedCluster, folder: Path) -> None:
        self.cluster = cluster
        self.work = folder / "work"
        self._folder = folder
        self._definitions = folder / "pvesdn.cfg"
        self._settings = settings_file(folder, cluster)

    def plays(self, definitions: str, *words: str) -> Recap:
        self._definitions.write_text(definitions)
        given = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "pvesdn_node": "localhost",
            "pvesdn_definitions": str(self._definitions),
            "pvesdn_command": [sys.executable, "-m", "pvesdn"],
            "pvesdn_folder": str(self.work),
            "pvesdn_user": getpass.getuser(),
        }
        done = subprocess.run(
            [str(ANSIBLE), "-i", "localhost,", "-e", json.dumps(given), *words, str(PLAYBOOK)],
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("PVESDN_")},
                "PVESDN_CONFIG": str(self._settings),
                "ANSIBLE_LOCAL_TEMP": str(self._folder / "ansible"),
                "ANSIBLE_REMOTE_TEMP": str(self._folder / "ansible"),
                "ANSIBLE_NOCOLOR": "1",
                "PYTHONPATH": str(ROOT),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        found = re.search(r"changed=(\d+) .*failed=(\d+)", done.stdout)
        assert found is not None, done.stdout + done.stderr
        assert (done.returncode == 0) == (found[2] == "0")
        return Recap(int(found[1]), int(found[2]), done.stdout)


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with serving(tmp_path / "cluster", EVPN) as cluster:
        yield Operator(cluster, tmp_path)


def test_check_mode_is_a_plan_a_run_carries_it_out_and_the_next_has_nothing_to_do(operator: Operator) -> None:
    before = state_of(operator.cluster)
    checked = operator.plays(VXLAN, "--check")
    assert (checked.changed, checked.failed) == (1, 0), checked.text
    assert "'has_changes': True" in checked.text or '"has_changes": true' in checked.text
    assert state_of(operator.cluster) == before
    assert operator.cluster.read_sdn("pvesdn.cfg") == EVPN

    done = operator.plays(VXLAN)
    assert (done.changed, done.failed) == (1, 0), done.text
    assert operator.cluster.read_sdn("pvesdn.cfg") == VXLAN
    assert plan_of(operator.cluster).is_empty

    again = operator.plays(VXLAN)
    assert (again.changed, again.failed) == (0, 0), again.text
    nothing = operator.plays(VXLAN, "--check")
    assert (nothing.changed, nothing.failed) == (0, 0), nothing.text


def test_definitions_that_are_wrong_fail_the_play_and_touch_nothing(operator: Operator) -> None:
    before = state_of(operator.cluster)
    for words in ((), ("--check",)):
        refused = operator.plays("vxlan: lan\n\tmtu high\n", *words)
        assert (refused.changed, refused.failed) == (0, 1), refused.text
        assert "is not a whole number" in refused.text
    assert state_of(operator.cluster) == before
    assert operator.cluster.read_sdn("pvesdn.cfg") == EVPN


def test_a_command_that_is_not_there_fails_the_plan_instead_of_being_changes(operator: Operator) -> None:
    """Ansible says 2, as a plan with changes does."""
    for words in ((), ("--check",)):
        failed = operator.plays(VXLAN, "-e", json.dumps({"pvesdn_command": ["/nowhere/pvesdn"]}), *words)
        assert (failed.changed, failed.failed) == (0, 1), failed.text
        assert re.search(r"TASK \[Plan\] \**\n.*fatal:", failed.text, re.DOTALL), failed.text
        assert "TASK [What the plan comes to]" not in failed.text
    assert operator.cluster.read_sdn("pvesdn.cfg") == EVPN


def test_an_apply_that_fails_fails_the_play(operator: Operator) -> None:
    operator.cluster.nodes["pve2"].break_command("ifreload", stderr="error: it did not work\n", times=1)
    failed = operator.plays(VXLAN)
    assert (failed.changed, failed.failed) == (0, 1), failed.text
    assert "as before" in failed.text
    assert operator.plays(VXLAN).changed == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder that is somebody else's")
def test_a_folder_that_somebody_else_has_made_is_not_trusted(operator: Operator) -> None:
    before = state_of(operator.cluster)
    operator.work.mkdir(mode=0o777)
    os.chown(operator.work, 65534, 65534)
    for words in ((), ("--check",)):
        refused = operator.plays(VXLAN, *words)
        assert (refused.changed, refused.failed) == (0, 1), refused.text
        assert "has been made by somebody else" in refused.text
    assert list(operator.work.iterdir()) == []
    assert state_of(operator.cluster) == before


def test_a_link_in_the_place_of_the_folder_is_not_followed(operator: Operator, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    operator.work.symlink_to(tmp_path / "elsewhere")
    refused = operator.plays(VXLAN)
    assert (refused.changed, refused.failed) == (0, 1), refused.text
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_default_folder_lies_where_only_root_can_make_one() -> None:
    assert re.findall(r"pvesdn_folder: (.+)", PLAYBOOK.read_text()) == ["/root/pvesdn-ansible"]
