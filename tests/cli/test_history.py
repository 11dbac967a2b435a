"""`pvesdn history`, `history show`, `diff`, and the entries that `apply` leaves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pvesdn.decode.history import decode_history
from pvesdn.encode.history import encode_history
from pvesdn.encode.kept import known_definitions, section_texts
from pvesdn.errors import ApiUnavailable
from pvesdn.model.history import HISTORY_FILE, Ending, Entry, History
from tests.cli.kit import Result, call
from tests.cli.test_screens import CHANGED, DEFINED
from tests.fakes import FakeCluster, fake_cluster
from tests.screens import WIDTHS, hold

SCREENS = Path(__file__).parent / "history_screens"
OWN = "/etc/pve/sdn/pvesdn.cfg"
ID = re.compile(r"[0-9a-f]{16}")


class Tried:
    """A cluster, and calls on it."""

    def __init__(self, settings: Path, cluster: FakeCluster) -> None:
        self.cluster = cluster
        self._settings = settings

    def call(self, *words: str, width: int = 80) -> Result:
        return call("--config", self._settings, *words, cluster=self.cluster, environ={"COLUMNS": str(width)})

    def apply(self, definitions: str | None = None, *words: str) -> Result:
        if definitions is not None:
            self.cluster.nodes.pve_files[OWN] = definitions
        return self.call("apply", "--yes", *words)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return decode_history(self.cluster.nodes.pve_files[HISTORY_FILE]).entries

    @contextmanager
    def edited(self) -> Iterator[dict[str, Any]]:
        """The history as a document, which is written as it is left."""
        document = json.loads(self.cluster.nodes.pve_files[HISTORY_FILE])
        yield document
        self.cluster.nodes.pve_files[HISTORY_FILE] = json.dumps(document)

    def leave_open(self) -> str:
        """The first entry as a run that was killed leaves it; its id."""
        with self.edited() as left:
            entry: dict[str, Any] = left["entries"][0]
            del entry["ending"], entry["ended"]
        return str(entry["id"])

    def hours_pass(self, hours: float) -> None:
        self.cluster.clock.sleep(3600 * hours)


@pytest.fixture
def tried(settings: Path) -> Tried:
    return Tried(settings, fake_cluster(DEFINED))


def lived(tried: Tried) -> None:
    """A few applies of different kinds."""
    tried.apply(None, "--comment", "the first network")
    tried.hours_pass(24)
    tried.apply(CHANGED["as-number"], "--comment", "the provider has given us another AS number, see its letter of May")
    tried.hours_pass(0.5)
    tried.apply(CHANGED["exit-moves"])
    tried.cluster.nodes["node2"].refuses["commit"] = "No space left on device"
    tried.apply(CHANGED["vni"], "--overwrite")
    tried.cluster.nodes["node2"].refuses.clear()
    tried.cluster.nodes["node3"].off = "connection timed out"
    tried.apply(CHANGED["gateway"])
    tried.cluster.nodes["node3"].off = ""


def test_the_history_looks_as_it_did(request: pytest.FixtureRequest, tried: Tried) -> None:
    lived(tried)
    for width in WIDTHS:
        printed = ""
        for words in ("history", "history show 2", "history show 4", "diff 1 3", "diff 3"):
            out = tried.call(*words.split(), width=width).out
            printed += f"$ pvesdn {words}\n{ID.sub('0123456789abcdef', out)}\n"
        hold(request, SCREENS / "history", printed, width)


def test_an_apply_has_an_entry_before_it_changes_anything(tried: Tried) -> None:
    seen: list[Entry] = []

    def reloaded(node: str) -> None:
        seen.append(tried.entries[-1])
        tried.cluster.reload(node)

    tried.cluster.api.on_reload = reloaded
    assert tried.apply(None, "--comment", " why not ").status == 0
    assert {(entry.number, entry.ending, entry.ended, entry.comment) for entry in seen} == {
        (1, Ending.OPEN, None, "why not")
    }
    (entry,) = tried.entries
    assert (entry.ending, entry.plan.where, entry.plan.total.add) == (Ending.DONE, "node1-node3", 22)
    assert [(one.nodes, one.what) for one in entry.results] == [("node1-node3", "done")]


def test_nothing_to_do_leaves_no_entry(tried: Tried) -> None:
    assert "Nothing has been applied yet" in tried.call("history").out
    tried.apply()
    assert tried.apply().status == 0
    del tried.cluster.nodes.pve_files["/etc/pve/sdn/pvesdn-seen.json"]
    assert tried.apply().status == 0  # the memory of the VTEPs alone
    assert len(tried.entries) == 1


@pytest.mark.parametrize(
    ("words", "happens", "ending", "status"),
    [
        ((), {"refuses": {"commit": "disk full"}}, Ending.FAILED, 1),
        ((), {"refuses": {"commit": "disk full", "undo": "disk full"}}, Ending.PARTLY, 5),
        ((), {"off": "connection timed out"}, Ending.INCOMPLETE, 4),
        (("--confirm=30s",), {}, Ending.UNCONFIRMED, 3),
    ],
)
def test_an_entry_says_how_it_ended(
    tried: Tried, words: tuple[str, ...], happens: dict[str, Any], ending: Ending, status: int
) -> None:
    tried.apply()
    for name, value in happens.items():
        setattr(tried.cluster.nodes["node2"], name, value)
    assert tried.apply(CHANGED["gateway"], *words).status == status
    assert tried.entries[-1].ending is ending
    assert tried.call("history", "show", "2").status == 0


def test_a_refusal_that_touched_nothing_leaves_no_entry(tried: Tried) -> None:
    tried.cluster.nodes["node2"].problems = ("line 3: unknown command",)
    assert tried.apply().status == 1
    assert HISTORY_FILE not in tried.cluster.nodes.pve_files


@pytest.mark.parametrize("text", ["{", '{"kind": "pvesdn history", "format": 2}', "\x1b[2J" * 100])
def test_a_history_that_cannot_be_used_keeps_no_apply_from_being_done(tried: Tried, text: str) -> None:
    tried.cluster.nodes.pve_files[HISTORY_FILE] = text
    done = tried.apply()
    assert done.status == 0
    assert "warning: not in the history: /etc/pve/sdn/pvesdn-history.json: " in done.err
    assert tried.cluster.nodes.pve_files[HISTORY_FILE] == text  # nothing of it is lost
    for words in (("history",), ("history", "show", "1"), ("diff", "1")):
        shown = tried.call(*words)
        assert (shown.status, shown.out) == (1, "")
        assert "\x1b" not in shown.err


def test_a_damaged_history_moved_away_as_the_hint_says_begins_anew(tried: Tried) -> None:
    tried.cluster.nodes.pve_files[HISTORY_FILE] = "{"
    assert "mv /etc/pve/sdn/pvesdn-history.json /root/" in tried.apply().err
    del tried.cluster.nodes.pve_files[HISTORY_FILE]
    assert "history" not in tried.apply(CHANGED["gateway"]).err
    assert [entry.number for entry in tried.entries] == [1]


def test_a_history_that_nobody_can_write_is_told_and_no_more(tried: Tried) -> None:
    tried.apply()
    for node in tried.cluster.nodes.nodes.values():
        node.refuses["put"] = "Permission denied"
    done = tried.apply(CHANGED["gateway"])
    assert done.status == 0
    assert "warning: not in the history: node1: Permission denied" in done.err
    assert json.loads(tried.call("apply", "--yes", "--json").out)["report"] is None


def test_a_run_that_was_killed_is_told_and_completed_by_the_next(tried: Tried) -> None:
    tried.apply()
    tried.leave_open()
    assert "1   2023-11-14 22:13  open   +22 on node1-node3  unknown" in tried.call("history").out
    assert "`pvesdn confirm --status` tells which" in tried.call("history", "show", "1", width=200).out
    tried.apply(CHANGED["gateway"])
    assert [entry.ending for entry in tried.entries] == [Ending.CUT_OFF, Ending.DONE]
    assert "its run was killed" in tried.entries[0].why


def test_one_that_was_confirmed_although_its_run_was_killed_is_completed_as_that(tried: Tried) -> None:
    tried.apply()
    record = tried.cluster.nodes["node1"].record | {"kept": tried.leave_open()}
    tried.cluster.nodes["node1"].files["/var/lib/pvesdn/written.json"] = json.dumps(record)
    tried.apply(CHANGED["gateway"])
    assert [entry.ending for entry in tried.entries] == [Ending.CONFIRMED, Ending.DONE]


def test_an_apply_that_was_interrupted_says_so(tried: Tried) -> None:
    def interrupts(_: str) -> None:
        raise KeyboardInterrupt

    tried.cluster.api.on_reload = interrupts
    assert tried.apply().status == 130
    (entry,) = tried.entries
    assert (entry.ending, entry.why) == (Ending.CUT_OFF, "interrupted")


@pytest.mark.parametrize(("verb", "ending"), [("confirm", Ending.CONFIRMED), ("rollback", Ending.ROLLED_BACK)])
def test_who_ends_an_apply_whose_run_is_gone_completes_its_entry(tried: Tried, verb: str, ending: Ending) -> None:
    tried.apply()
    armed = {"id": tried.leave_open(), "who": "pvesdn", "seconds": 600, "frr": "none"}
    tried.cluster.nodes.ask("node1", "arm", armed)
    tried.cluster.nodes.ask("node1", "hold", {"id": armed["id"], "waits": 600, "nodes": ["node1"]})
    assert tried.call(verb).status == 0
    assert tried.entries[0].ending is ending
    tried.cluster.nodes.pve_files[HISTORY_FILE] = "{"
    tried.cluster.nodes.ask("node1", "arm", armed)
    tried.cluster.nodes.ask("node1", "hold", {"id": armed["id"], "waits": 600, "nodes": ["node1"]})
    done = tried.call(verb)
    assert done.status == 0
    assert "warning: not in the history: " in done.err


@pytest.mark.parametrize("comment", ["two\nlines", "\x1b[2J", "x" * 201])
def test_a_comment_that_is_not_one_short_line_is_refused(tried: Tried, comment: str) -> None:
    done = tried.call("apply", "--yes", "--comment", comment)
    assert done.status == 1
    assert "a comment " in done.err
    assert HISTORY_FILE not in tried.cluster.nodes.pve_files


def test_what_there_is_not_is_told_with_what_there_is(tried: Tried) -> None:
    assert "error: the history has no entries yet" in tried.call("history", "show", "1").err
    tried.apply()
    assert tried.call("diff", "1", "2").err == "error: there is no apply 2: the history goes from 1 to 1\n"
    assert "No earlier apply is known" in tried.call("history", "show", "1").out
    assert tried.call("diff", "1").out == "No difference between 1 and now.\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("0",), "0 is neither a number of `pvesdn history` nor the 16 hexadecimal digits of an apply's id"),
        (("1234567890",), "1234567890 is neither a number"),
        (("0123456789012345",), "no apply 0123456789012345 is open"),
        (("7",), "the history has no entries yet"),
        ((), "no apply is open; pvesdn confirm --status tells what is open, pvesdn history what is over"),
        (("--yes",), "options go with a number of `pvesdn history`"),
        (("--overwrite", "0123456789abcdef"), "options go with a number of `pvesdn history`"),
        (("--confirm", "300"), "options go with a number of `pvesdn history`"),
        (("1", "--json"), "--json cannot ask, so it needs --yes"),
    ],
)
def test_a_number_and_the_id_of_an_apply_are_told_apart(tried: Tried, words: tuple[str, ...], complaint: str) -> None:
    done = tried.call("rollback", *words)
    assert done.status == 1
    assert complaint in done.err
    assert not {"stage", "arm", "undo"} & {verb for node in tried.cluster.nodes.nodes.values() for verb in node.verbs}


def test_a_rollback_asks_and_goes_by_what_a_person_says(tried: Tried, settings: Path) -> None:
    tried.apply()
    tried.apply(CHANGED["gateway"])
    for typed, status in (("no\n", 1), ("yes\n", 0)):
        done = call("--config", settings, "rollback", "1", "--diff", cluster=tried.cluster, typed=typed)
        assert done.status == status
        assert "Back to the definitions of apply 1, 2023-11-14 22:13 UTC by unknown.\n" in done.err
        assert "-\tgateway 10.0.1.254" in done.out
    assert tried.cluster.nodes.pve_files[OWN] == DEFINED


def test_definitions_that_were_never_in_force_are_said_to_be_that(tried: Tried) -> None:
    tried.apply()
    assert tried.apply(CHANGED["gateway"], "--confirm=30s").status == 3
    tried.cluster.nodes.pve_files[OWN] = DEFINED
    done = tried.call("rollback", "2", "--yes")
    assert done.status == 0, done.err
    assert "warning: apply 2 ended as 'not confirmed': its definitions were not in force" in done.err
    with tried.edited() as left:
        del left["entries"][1]["ending"]
    assert "warning: nobody has told how apply 2 ended" in tried.call("rollback", "2", "--yes").err


def test_a_rollback_as_a_document_is_that_of_an_apply(tried: Tried) -> None:
    tried.apply()
    tried.apply(CHANGED["gateway"])
    document = json.loads(tried.call("rollback", "1", "--yes", "--json", "--comment", "it was better").out)
    assert (document["kind"], document["to"], document["exit_status"]) == ("apply", 1, 0)
    assert tried.entries[-1].comment == "it was better"


def test_an_apply_that_had_no_pvesdn_cfg_is_gone_back_to_as_well(tried: Tried) -> None:
    tried.apply()
    with tried.edited() as left:
        del left["entries"][0]["after"]
    shown = tried.call("history", "show", "1", "--definitions")
    assert shown.err == "error: apply 1 had no pvesdn.cfg: all its definitions were PVE's own\n"
    assert "--definitions prints a file" in tried.call("history", "show", "1", "--definitions", "--json").err
    done = tried.call("rollback", "1", "--yes")
    assert done.status == 0, done.err
    assert tried.cluster.nodes.pve_files[OWN] == ""
    del tried.cluster.nodes.pve_files[OWN]
    assert "No changes" in tried.call("rollback", "1", "--yes").out
    assert OWN not in tried.cluster.nodes.pve_files


def test_a_secret_in_a_comment_is_not_kept_and_its_line_is_no_difference(tried: Tried) -> None:
    tried.apply(f"{DEFINED}# password: hunter2, of the old router\n")
    tried.apply(CHANGED["gateway"])
    shown = tried.call("history", "show", "1", "--definitions").out
    assert shown == f"{DEFINED}# password: ********\n"
    assert "hunter2" not in str(decode_history(tried.cluster.nodes.pve_files[HISTORY_FILE]).texts)
    tried.apply(f"{DEFINED}# password: hunter3, of the new router\n")
    assert tried.call("diff", "1").out == "No difference between 1 and now.\n"
    assert "No changes" in tried.call("rollback", "1", "--yes").out
    assert "hunter3" in tried.cluster.nodes.pve_files[OWN]  # nothing of it is lost


def test_an_entry_without_its_definitions_is_shown_all_the_same(tried: Tried) -> None:
    tried.apply(DEFINED, "--comment", "an old one")
    tried.apply(CHANGED["gateway"])
    with tried.edited() as left:
        left["definitions"] = json.loads(encode_history(History()))["definitions"]
    shown = tried.call("history", "show", "2", width=200)
    assert shown.status == 0
    assert "What changed in the definitions is not known: the definitions of apply 1 are not kept" in shown.out
    for words in (("diff", "1"), ("rollback", "1", "--yes"), ("history", "show", "1", "--definitions")):
        done = tried.call(*words)
        assert done.status == 1
        assert "error: the definitions of apply 1 are not kept: the history has no room for them" in done.err


def test_on_a_member_the_history_is_read_even_while_the_api_is_away(tried: Tried, settings: Path) -> None:
    tried.apply()
    tried.cluster.api.errors["cluster/status"] = ApiUnavailable("connection refused")
    assert tried.call("history").status == 1
    there = call("--config", settings, "history", cluster=tried.cluster, local_node="node2")
    assert there.status == 0
    assert "+22 on node1-node3" in there.out


def test_an_entry_that_somebody_takes_away_meanwhile_is_missed(tried: Tried) -> None:
    def reloaded(node: str) -> None:
        tried.cluster.nodes.pve_files.pop(HISTORY_FILE, None)
        tried.cluster.reload(node)

    tried.cluster.api.on_reload = reloaded
    done = tried.apply()
    assert done.status == 0
    assert "somebody has taken the entry of this apply away" in done.err


def test_the_definitions_of_an_apply_are_printed_as_they_were(tried: Tried) -> None:
    tried.apply(CHANGED["gateway"])
    tried.apply(DEFINED)
    assert tried.call("history", "show", "1", "--definitions").out == CHANGED["gateway"]


def test_an_entry_that_breaks_the_rules_of_the_history_keeps_no_apply_from_being_done(tried: Tried) -> None:
    tried.cluster.clock.sleep(1e12)  # a year of five digits
    done = tried.apply()
    assert done.status == 0
    assert "warning: not in the history: /etc/pve/sdn/pvesdn-history.json: cannot be written" in done.err
    assert HISTORY_FILE not in tried.cluster.nodes.pve_files


def test_a_slip_behind_history_is_told_with_what_was_meant(tried: Tried) -> None:
    assert "there is no 'history 12'; did you mean history show 12?" in tried.call("history", "12").err
    assert "did you mean history show N or diff N M?" in tried.call("history", "list").err


def test_a_snapshot_has_nothing_of_the_history(tried: Tried, tmp_path: Path) -> None:
    tried.apply(None, "--comment", "for nobody else")
    assert tried.call("snapshot", str(tmp_path / "saved")).status == 0
    files = [path for path in (tmp_path / "saved").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if "history" in path.name or "for nobody else" in path.read_text()]


def test_the_documents_have_the_same(tried: Tried) -> None:
    lived(tried)
    listed = json.loads(tried.call("history", "--json").out)
    assert [(entry["number"], entry["ending"]) for entry in listed["entries"]] == [
        (1, "done"),
        (2, "done"),
        (3, "done"),
        (4, "failed"),
        (5, "incomplete"),
    ]
    shown = json.loads(tried.call("history", "show", "2", "--json").out)
    assert shown["entry"] == listed["entries"][1]
    assert [change["path"] for change in shown["definitions"]] == [OWN]
    assert json.loads(tried.call("history", "show", "1", "--json").out)["definitions"] is None
    compared = json.loads(tried.call("diff", "1", "3", "--json").out)
    assert (compared["from"], compared["to"]) == (1, 3)
    assert "-\tnode node1" in compared["definitions"][0]["diff"]


def test_pves_own_definitions_are_compared_as_they_were_committed(settings: Path) -> None:
    running: dict[str, Any] = {
        "version": 3,
        "zones": {"ids": {"lan": {"type": "simple", "ipam": "pve"}}},
        "vnets": {"ids": {"office": {"type": "vnet", "zone": "lan", "alias": "the office"}}},
    }
    cluster = fake_cluster(DEFINED, pve_files={".running-config": json.dumps(running)})
    tried = Tried(settings, cluster)
    assert tried.apply().status == 0
    running["vnets"]["ids"]["office"]["zone"] = "wan"
    del running["zones"]
    cluster.nodes.pve_files["/etc/pve/sdn/.running-config"] = json.dumps(running)
    out = tried.call("diff", "1").out
    assert "--- zones.cfg\n+++ /dev/null\n" in out
    assert "-simple: lan" in out
    assert "-\tzone lan\n+\tzone wan\n" in out


def test_of_pves_definitions_only_what_is_known_is_kept() -> None:
    zone = {"type": "simple", "ipam": "pve", "password-of-a-plugin": "hunter2", "nodes": {"node2": 1, "node1": 1}}
    kept = known_definitions(json.dumps({"version": 7, "zones": {"ids": {"lan": zone}}, "extra": "hunter2"}))
    assert section_texts(kept) == {"zones.cfg": "simple: lan\n\tipam pve\n\tnodes node1,node2\n"}
    assert "hunter2" not in str(kept)
    assert known_definitions(kept) == kept
    assert known_definitions(None) is known_definitions("{}") is None
    assert section_texts(None) == {}


def test_a_look_of_watch_says_why_it_applied(settings: Path, tmp_path: Path) -> None:
    settings.write_text(f'{settings.read_text()}[watch]\naction = "apply"\nstate_dir = "{tmp_path}"\n')
    cluster = fake_cluster(DEFINED)
    assert call("--config", settings, "watch", "--once", cluster=cluster, local_node="node1").status == 0
    (entry,) = decode_history(cluster.nodes.pve_files[HISTORY_FILE]).entries
    assert entry.comment == "watch: first look"


def test_what_watch_tries_again_each_hour_does_not_fill_the_history(settings: Path, tmp_path: Path) -> None:
    settings.write_text(f'{settings.read_text()}[watch]\naction = "apply"\nstate_dir = "{tmp_path}"\n')
    cluster = fake_cluster(DEFINED)
    cluster.nodes["node2"].refuses["commit"] = "No space left on device"
    for _ in range(4):
        assert call("--config", settings, "watch", "--once", cluster=cluster, local_node="node1").status == 1
        cluster.clock.sleep(3601)
    entries = decode_history(cluster.nodes.pve_files[HISTORY_FILE]).entries
    assert [(entry.number, entry.comment) for entry in entries] == [
        (1, "watch: first look"),
        (4, "watch: trying again what failed at 2023-11-15 00:13"),
    ]
    assert {entry.ending for entry in entries} == {Ending.FAILED}


def test_the_options_that_shaped_a_run_are_shown_as_they_could_be_typed_again(tried: Tried) -> None:
    assert tried.apply(None, "--canary", "node2", "--batch", "1", "--overwrite").status == 0
    shown = " ".join(tried.call("history", "show", "1").out.split())
    assert "options --canary node2 --batch 1 --overwrite" in shown


def test_the_nodes_that_were_named_are_among_them(tried: Tried) -> None:
    done = tried.apply(None, "--node", "node3", "--node", "node2")
    assert done.status == 0, done.err
    assert tried.entries[-1].flags == ("--node node2", "--node node3")
