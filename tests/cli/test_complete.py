"""What shells offer: real ones are asked, and the callbacks at their edges."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from pvesdn.cli import complete
from pvesdn.cli.app import pvesdn
from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.session import Session
from pvesdn.decode.definitions.own_grammar import SECTIONS
from pvesdn_lab.live.exchange import READY
from pvesdn_lab.live.outside import session as live
from pvesdn_lab.live.scenario import all_scenarios
from tools.deb import asking
from tools.pages.completion import completions

OWN = "evpn: tenant\n\tcontroller main\n\nvxlan: plain\n\nvnet: web\n\tzone tenant\n"
PVE = "simple: office\n\nvlan: tagged\n\tbridge vmbr0\n"


@pytest.fixture(autouse=True)
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The files of a node of PVE, and a snapshot beside them."""
    write(tmp_path / "pve/sdn", OWN, PVE)
    write(tmp_path / "snapshot/etc/pve/sdn", "vxlan: stored\n", "")
    for node in ("pve/nodes/node1", "pve/nodes/node2", "snapshot/nodes/other1"):
        (tmp_path / node).mkdir(parents=True)
    entries = [{"number": 8, "comment": "new exit", "began": "x"}, {"number": 9, "comment": "", "began": "2027-01-15"}]
    (tmp_path / "pve/sdn/pvesdn-history.json").write_text(json.dumps({"entries": entries}))
    monkeypatch.setattr(complete, "SDN", str(tmp_path / "pve/sdn"))
    monkeypatch.setattr(complete, "NODES", str(tmp_path / "pve/nodes"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder: Path, own: str, pve: str) -> None:
    folder.mkdir(parents=True)
    (folder / "pvesdn.cfg").write_text(own)
    (folder / "zones.cfg").write_text(pve)


def offered(*words: str) -> list[str]:
    """What may stand in place of the last word, as click tells a shell."""
    session = Session({}, Screen({}), None)
    made = BashComplete(pvesdn, {"obj": session}, "pvesdn", "_PVESDN_COMPLETE")
    return [item.value for item in made.get_completions(list(words[:-1]), words[-1])]


def test_zones_are_those_of_both_sources() -> None:
    assert offered("verify", "--zone", "") == ["office", "plain", "tagged", "tenant"]
    assert offered("verify", "--zone", "t") == ["tagged", "tenant"]


def test_a_move_is_offered_the_zones_that_can_be_moved() -> None:
    assert offered("import", "--from-pve", "") == ["office", "tagged"]
    assert offered("import", "--to-pve", "") == ["plain", "tenant"]


def test_a_snapshot_takes_the_place_of_the_cluster(cluster: Path) -> None:
    shutil.rmtree(cluster / "pve")

    assert offered("verify", "--from", "snapshot", "--zone", "") == ["stored"]
    assert offered("plan", "--from", "snapshot", "--node", "") == ["other1"]


@pytest.mark.parametrize("words", [["plan", "--node"], ["apply", "--canary"], ["apply", "--allow-management"]])
def test_nodes_are_the_members(words: list[str]) -> None:
    assert offered(*words, "node") == ["node1", "node2"]


@pytest.mark.parametrize("words", [["history", "show"], ["diff"], ["diff", "8"], ["rollback"]])
def test_applies_are_those_of_the_history_newest_first(words: list[str]) -> None:
    assert offered(*words, "") == ["9", "8"]


@pytest.mark.parametrize("words", [["lab", "up"], ["lab", "test"], ["lab", "test", "unicast"]])
def test_scenarios_are_those_of_the_lab(words: list[str]) -> None:
    assert offered(*words, "") == [scenario.name for scenario in all_scenarios()]


def test_of_a_lab_that_is_up_nodes_places_and_vnets_are_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ready = {"nodes": {"node1": []}, "guests": {"web1": []}, "others": {"controller": []}, "scenario": "unicast"}
    (tmp_path / "labs/mine").mkdir(parents=True)
    (tmp_path / "labs/mine/pid").write_text("1 2 here")
    (tmp_path / "labs/mine" / READY).write_text(json.dumps(ready))
    monkeypatch.setattr(live, "LABS", tmp_path / "labs")
    monkeypatch.setattr(live, "birth_of", lambda _: "2")

    assert offered("lab", "--name", "mine", "exec", "") == ["node1", "web1", "controller"]
    assert offered("lab", "--name", "mine", "guest", "add", "x", "--node", "") == ["node1"]
    assert "vmbr2" in offered("lab", "--name", "mine", "guest", "add", "x", "--vnet", "")
    assert offered("lab", "exec", "") == []


def test_without_the_lab_nothing_of_it_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pvesdn_lab", None)

    assert offered("lab", "up", "") == []
    assert offered("lab", "exec", "") == []


@pytest.mark.parametrize("what", ["absent", "no text", "a pipe", "a folder", "secret"])
def test_what_cannot_be_read_offers_nothing_and_keeps_nobody_waiting(what: str, cluster: Path) -> None:
    for name in ("sdn/pvesdn.cfg", "sdn/zones.cfg", "sdn/pvesdn-history.json"):
        file = cluster / "pve" / name
        file.unlink()
        if what == "no text":
            file.write_bytes(bytes(range(256)) * 20)
        elif what == "a pipe":
            os.mkfifo(file)
        elif what == "a folder":
            file.mkdir()
        elif what == "secret":
            file.symlink_to(file.name)  # root reads everything, but no loop
    shutil.rmtree(cluster / "pve/nodes")

    for words in (["verify", "--zone"], ["plan", "--node"], ["history", "show"], ["import", "--from-pve"]):
        assert offered(*words, "") == []


@pytest.mark.parametrize("text", ["[]", '{"entries": 1}', '{"entries": [{"number": "x"}]}', '{"entries": [{}]}'])
def test_a_history_of_another_shape_offers_nothing(text: str, cluster: Path) -> None:
    (cluster / "pve/sdn/pvesdn-history.json").write_text(text)

    assert offered("rollback", "") == []


@pytest.mark.parametrize("words", [["nonsense"], ["history", "nonsense"], ["plan", "--nonsense"]])
def test_behind_what_does_not_exist_nothing_is_said(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    offered(*words, "x")

    assert capfd.readouterr() == ("", "")


def test_a_draft_has_zones_too(cluster: Path) -> None:
    (cluster / "draft.cfg").write_text("vxlan: new\n")
    context = click.Context(pvesdn)
    context.params["draft_file"] = cluster / "draft.cfg"

    assert [item.value for item in complete.own_zones(context, pvesdn.params[0], "")] == ["new"]


def test_zones_of_the_grammar_are_the_sections_that_vnets_may_name() -> None:
    assert {name for name, section in SECTIONS.items() if section.meaning.startswith("A zone ")} == complete.OWN_ZONES


# --- real shells ------------------------------------------------------------------------------------------------------


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The scripts of the package."""
    for name, text in completions().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def asked(argv: list[str], environ: dict[str, str]) -> str:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        argv, env={**os.environ, **environ, "PATH": path}, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash to be asked for completions")
def test_bash_offers_verbs_options_and_names(scripts: Path) -> None:
    script = str(scripts / "bash-completion/completions/pvesdn")

    assert asked(*asking.bash(["pvesdn", "ver"], script)) == "verify\n"
    assert asked(*asking.bash(["pvesdn", "plan", "--det"], script)).split() == [
        "--detailed-exitcode",
        "--detach-guests",
    ]
    words = ["pvesdn", "plan", "--from", str(scripts / "snapshot"), "--node", ""]
    assert asked(*asking.bash(words, script)) == "other1\n"


@pytest.mark.skipif(
    shutil.which("zsh") is None, reason="there is no zsh to be asked for completions; apt-get install zsh"
)
def test_zsh_offers_verbs_and_names(scripts: Path) -> None:
    folder = str(scripts / "zsh/vendor-completions")

    assert "<<verify" in asked(*asking.zsh("pvesdn ver", folder))
    assert Path(os.devnull).is_char_device()  # zsh's list of completions is moved over what it is told to be
    assert "<<other1>>" in asked(*asking.zsh(f"pvesdn plan --from {scripts}/snapshot --node ", folder))


def test_an_answer_to_a_shell_needs_no_api_client(scripts: Path) -> None:
    program = "import sys\nfrom pvesdn.cli.app import run\ntry:\n    run([])\nfinally:\n    print('----', *sys.modules)"
    words = f"pvesdn verify --from {scripts}/snapshot --zone "
    environ = {**os.environ, "_PVESDN_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": "5"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    answer, _, loaded = done.stdout.partition("----")

    assert answer == "plain,stored\n"
    assert set(loaded.split()).isdisjoint({"requests", "proxmoxer", "rich"})
