"""What the program takes for a word of a request, for its own record, for a file and for the end of a command."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pvesdn.node.program import files as program_files
from pvesdn.node.program import request
from pvesdn.node.program.files import (
    beside,
    digest_of,
    matches,
    require_file,
    sha256,
    sync_folders,
    text_of,
    write_new,
    write_whole,
)
from pvesdn.node.program.machine import CommandResult, Machine, Refused, failure
from pvesdn.node.program.record import json_bytes, load_record, save_record
from pvesdn.node.program.request import Change, changes_in
from tests.noderoot import FRR, OURS, RECORD, NodeRoot

ENTRY: dict[str, Any] = {"path": FRR, "text": "x\n", "expect": None}


@pytest.fixture
def machine(node: NodeRoot) -> Machine:
    return Machine(str(node.folder))


def refusal(job: Any, *given: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        job(*given)
    return refused.value.error, refused.value.hint


class TestRequests:
    def test_what_is_missing_of_a_list_is_nothing(self) -> None:
        assert request.list_at({}, "files", str) == []
        assert request.list_at({"files": ["a"]}, "files", str) == ["a"]

    @pytest.mark.parametrize("value", ["a", {}, [1], ["a", None]])
    def test_a_list_of_something_else_is_refused(self, value: Any) -> None:
        assert refusal(request.list_at, {"files": value}, "files", str) == ("argument 'files' is of the wrong type", "")

    def test_a_text_may_be_null_where_that_means_something(self) -> None:
        assert request.text_at({"a": "x"}, "a") == "x"
        assert request.optional_text_at({"a": None}, "a") is None
        assert request.optional_text_at({"a": "x"}, "a") == "x"
        wrong = ("argument 'a' is missing or of the wrong type", "")
        assert refusal(request.text_at, {"a": None}, "a") == wrong
        assert refusal(request.text_at, {}, "a") == wrong
        assert refusal(request.optional_text_at, {}, "a") == wrong
        assert refusal(request.optional_text_at, {"a": 1}, "a") == wrong

    def test_half_a_surrogate_pair_is_refused(self) -> None:
        assert request.encoded("é") == b"\xc3\xa9"
        assert refusal(request.encoded, "\udcff") == (
            "a text contains half a surrogate pair, which is not a character",
            "",
        )

    @pytest.mark.parametrize("path", ["a", "//a", "/a/../b", "/a/", "/a\n", ""])
    def test_a_path_means_what_it_says(self, path: str) -> None:
        assert request.checked_path("/a/b") == "/a/b"
        assert refusal(request.checked_path, path) == (f"{path!r} is not an absolute, normalized path", "")

    def test_names_and_addresses_are_checked(self) -> None:
        assert request.checked_target(FRR) == FRR
        assert refusal(request.checked_target, "/etc/passwd")[0] == "'/etc/passwd' is not a file that pvesdn writes"
        assert request.checked_interface("eno2.100") == "eno2.100"
        assert refusal(request.checked_interface, "-a")[0] == "'-a' is not an interface name"
        assert request.checked_address("FD00:0::1") == "fd00::1"
        assert refusal(request.checked_address, "x")[0] == "'x' is not an IP address"

    def test_an_entry_has_the_mode_and_the_owner_of_most_files_unless_it_says_others(self) -> None:
        assert changes_in({"files": [ENTRY]}) == [Change(FRR, b"x\n", 0o644, "root:root", None, None)]
        told = ENTRY | {"text": None, "mode": "0640", "owner": "frr:frr", "expect": "d", "meaning": "m"}
        assert changes_in({"files": [told]}) == [Change(FRR, None, 0o640, "frr:frr", "d", "m")]

    @pytest.mark.parametrize(
        ("what", "said"),
        [
            ({"mode": "644"}, "'644' is not a file mode"),
            ({"mode": 420}, "420 is not a file mode"),
            ({"mode": "0648"}, "'0648' is not a file mode"),
            ({"owner": "root"}, "'root' is not an owner in the form user:group"),
            ({"owner": None}, "None is not an owner in the form user:group"),
            ({"meaning": 1}, "argument 'meaning' is missing or of the wrong type"),
            ({"expect": 1}, "argument 'expect' is missing or of the wrong type"),
            ({"text": 1}, "argument 'text' is missing or of the wrong type"),
        ],
    )
    def test_an_entry_of_another_shape_is_refused(self, what: dict[str, Any], said: str) -> None:
        assert refusal(changes_in, {"files": [ENTRY | what]}) == (said, "")

    def test_a_file_is_one_change(self) -> None:
        assert refusal(changes_in, {"files": [ENTRY, ENTRY]}) == ("a file is named twice", "")
        assert len(changes_in({"files": [ENTRY, ENTRY | {"path": OURS}]})) == 2


class TestRecord:
    def test_before_the_first_write_it_is_empty(self, machine: Machine) -> None:
        assert load_record(machine) == {"format": 1, "files": {}, "unfinished": False}

    def test_it_comes_back_as_it_was_saved(self, machine: Machine, node: NodeRoot) -> None:
        record = {
            "format": 1,
            "files": {FRR: "d"},
            "unfinished": True,
            "meanings": {FRR: "m"},
            "sysctl": {"a": {"before": None, "ours": "1"}},
        }
        node.place(RECORD).parent.mkdir(parents=True)
        save_record(machine, record)
        assert load_record(machine) == record
        assert node.text(RECORD).endswith("}\n")
        assert stat.S_IMODE(node.place(RECORD).stat().st_mode) == 0o600

    def test_state_is_written_one_way_for_people_to_read(self) -> None:
        assert json_bytes({"b": "é", "a": 1}) == b'{\n "a": 1,\n "b": "\\u00e9"\n}\n'

    GOOD: ClassVar[dict[str, Any]] = {"format": 1, "files": {}, "unfinished": False}

    @pytest.mark.parametrize(
        "text",
        [
            "{",
            "[]",
            json.dumps(GOOD | {"format": 2}),
            json.dumps(GOOD | {"files": []}),
            json.dumps(GOOD | {"unfinished": 0}),
            json.dumps(GOOD | {"meanings": []}),
            json.dumps(GOOD | {"sysctl": []}),
            json.dumps(GOOD | {"sysctl": {"a": {"before": "1"}}}),
            json.dumps(GOOD | {"sysctl": {"a": {"before": "1", "ours": "2"}, "b": {}}}),
            json.dumps({"format": 1, "files": {}}),
        ],
    )
    def test_what_this_version_does_not_write_is_not_guessed_at(
        self, machine: Machine, node: NodeRoot, text: str
    ) -> None:
        node.write(RECORD, text)
        assert refusal(load_record, machine) == (
            f"{RECORD} is not what this version writes",
            "move it away: the next plan shows what differs",
        )


class TestFiles:
    def test_a_pattern_finds_files_by_name_in_their_order(self, machine: Machine, node: NodeRoot) -> None:
        for name in ("b.cfg", "a.cfg", ".c.cfg", "d.txt"):
            node.write(f"/etc/x/{name}", "")
        node.place("/etc/x/e.cfg").mkdir()
        assert matches(machine, "/etc/x/*.cfg") == ["/etc/x/a.cfg", "/etc/x/b.cfg"]
        assert matches(machine, "/etc/x/[ab].cfg") == ["/etc/x/a.cfg", "/etc/x/b.cfg"]
        assert matches(machine, "/etc/x/?.txt") == ["/etc/x/d.txt"]
        assert matches(machine, "/etc/x/none") == ["/etc/x/none"]
        assert matches(machine, "/etc/none/*") == matches(machine, "/etc/x/d.txt/*") == []
        error, hint = refusal(matches, machine, "/*/x/a.cfg")
        assert (error, hint) == ("'/*/x/a.cfg': only the last component and its folder may have wildcards", "")
        node.write("/etc/x/\x01.cfg", "")
        error, hint = refusal(matches, machine, "/etc/x/*.cfg")
        assert error == "/etc/x has a file whose name is not printable text: '\\x01.cfg'"
        assert hint == "give it another name"

    def test_a_pattern_of_folders_finds_files_in_them_and_follows_no_link(
        self, machine: Machine, node: NodeRoot
    ) -> None:
        for path in ("/etc/x/a.d/one.conf", "/etc/x/b.d/one.conf", "/etc/x/b.d/two.conf", "/etc/x/.c.d/one.conf"):
            node.write(path, "")
        node.write("/etc/x/e.d", "")
        node.place("/etc/x/f.d").symlink_to(node.place("/etc/x/a.d"))
        assert matches(machine, "/etc/x/*.d/one.conf") == ["/etc/x/a.d/one.conf", "/etc/x/b.d/one.conf"]
        assert matches(machine, "/etc/x/b.*/*.conf") == ["/etc/x/b.d/one.conf", "/etc/x/b.d/two.conf"]
        assert matches(machine, "/etc/none/*.d/one.conf") == []

    def test_what_is_no_text_is_refused_with_its_line(self, machine: Machine, node: NodeRoot) -> None:
        node.place("/etc/x").write_bytes(b"one\ntwo \xff\n")
        assert refusal(text_of, machine, "/etc/x") == (
            "/etc/x is not UTF-8 text: byte 0xff in line 2",
            "save it as UTF-8",
        )
        assert text_of(machine, "/etc/none") is text_of(machine, "/etc/x/below") is None

    def test_what_is_too_large_is_asked_about(
        self, machine: Machine, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(program_files, "LARGEST_FILE", 2 << 20)
        node.place("/etc/x").write_bytes(b"a" * (2 << 20))
        assert len(text_of(machine, "/etc/x") or "") == 2 << 20
        node.place("/etc/x").write_bytes(b"a" * ((2 << 20) + 1))
        assert refusal(text_of, machine, "/etc/x") == ("/etc/x is larger than 2 MiB", "is this the right file?")

    def test_a_pipe_a_folder_and_a_link_out_are_no_files(self, machine: Machine, node: NodeRoot) -> None:
        os.mkfifo(node.place("/etc/pipe"))
        node.place("/etc/out").symlink_to(node.folder / "elsewhere")
        said = "/etc/pipe is not a regular file", ""
        assert refusal(text_of, machine, "/etc/pipe") == said
        assert refusal(digest_of, machine, "/etc/pipe") == said
        assert refusal(require_file, machine, "/etc/pipe") == said
        with pytest.raises(IsADirectoryError):
            text_of(machine, "/etc/frr")
        require_file(machine, "/etc/frr")
        require_file(machine, "/etc/none")
        assert refusal(text_of, machine, "/etc/out") == (
            "/etc/out is a symbolic link that leads out of its folder",
            "put the file itself in its place",
        )

    def test_a_digest_is_that_of_the_bytes_and_of_nothing_where_there_are_none(
        self, machine: Machine, node: NodeRoot
    ) -> None:
        node.place("/etc/x").write_bytes(b"a" * 200_000)
        assert digest_of(machine, "/etc/x") == sha256(b"a" * 200_000)
        assert digest_of(machine, "/etc/none") is digest_of(machine, "/etc/x/below") is sha256(None) is None

    def test_what_waits_beside_a_file_is_hidden(self, machine: Machine, node: NodeRoot) -> None:
        assert beside(machine, FRR, "end") == f"{node.folder}/etc/frr/.frr.conf.end"

    def test_a_new_file_replaces_what_waited_there_and_has_its_mode(self, node: NodeRoot) -> None:
        place = node.place("/etc/x")
        place.symlink_to(node.folder / "elsewhere")
        write_new(str(place), b"new", 0o640)
        assert (place.read_bytes(), place.is_symlink(), stat.S_IMODE(place.stat().st_mode)) == (b"new", False, 0o640)
        assert not (node.folder / "elsewhere").exists()

    def test_state_is_written_whole_and_nothing_waits_there_afterwards(self, machine: Machine, node: NodeRoot) -> None:
        write_whole(machine, "/etc/x", b"new")
        assert node.text("/etc/x") == "new"
        assert stat.S_IMODE(node.place("/etc/x").stat().st_mode) == 0o600
        assert node.leftovers() == []

    def test_folders_that_are_not_there_need_no_sync_and_others_get_it(
        self, machine: Machine, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced: list[str] = []
        monkeypatch.setattr(os, "fsync", lambda fd: synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())))
        before = len(list(Path("/proc/self/fd").iterdir()))
        sync_folders(machine, [FRR, "/etc/frr/daemons", OURS, "/etc/none/x"])
        root = node.folder.resolve()
        assert synced == [str(root / "etc/frr"), str(root / "etc/network/interfaces.d")]
        assert len(list(Path("/proc/self/fd").iterdir())) == before

    def test_an_error_while_it_is_written_names_the_file(self, node: NodeRoot, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space") as failed:
            write_new(str(node.place("/etc/x")), b"", 0o600)
        assert (failed.value.errno, failed.value.filename) == (28, str(node.place("/etc/x")))


class TestCommands:
    def test_the_last_three_lines_say_why_it_failed(self) -> None:
        assert failure(["a", "b"], CommandResult(3, "", list("wxyz"))) == "a b ended with status 3: x / y / z"
        assert failure(["a"], CommandResult(3, "", [])) == "a ended with status 3"

    def test_a_result_has_both_outputs_and_its_status(self, machine: Machine, node: NodeRoot) -> None:
        node.command("both", prints="one \n\n two\n", complains="three\n", status=4)
        assert machine.run(["both"], 10) == CommandResult(4, "one \n\n two\n", ["one", " two", "three"])
        assert refusal(lambda: machine.must(["both"], 10, hint="look"))[1] == "look"

    def test_bytes_that_are_no_text_end_no_answer(self, machine: Machine, node: NodeRoot) -> None:
        node.command("odd", script="printf 'a\\377'; printf 'b\\377' >&2")
        assert machine.run(["odd"], 10).lines == ["a\ufffd", "b\ufffd"]

    def test_a_command_speaks_english_reads_nothing_and_finds_the_systems_others(
        self, machine: Machine, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", "/given::/other")
        monkeypatch.setenv("KEPT", "yes")
        node.command("tells", script='echo "$LC_ALL|$KEPT|$PATH|$(cat)"')
        (line,) = machine.run(["tells"], 10).lines
        assert line == f"C|yes|{node.folder}/bin:/given:/other:/usr/sbin:/usr/bin:/sbin:/bin|"

    def test_without_a_path_the_systems_folders_are_searched(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PATH")
        assert Machine()._search_path() == "/usr/sbin:/usr/bin:/sbin:/bin"
        assert Machine().find("sh") is not None
        assert Machine().find("no-such-command-anywhere") is None

    def test_below_a_folder_only_its_own_commands_are_there(self, machine: Machine, node: NodeRoot) -> None:
        node.command("mine")
        node.write("/bin/text", "")
        assert machine.find("mine") == machine.find("/usr/lib/x/mine") == f"{node.folder}/bin/mine"
        assert machine.find("text") is machine.find("sh") is None
        assert refusal(machine.run, ["/usr/bin/text"], 10) == ("text is not installed", "")

    def test_one_that_does_not_end_is_ended_with_what_it_started(self, machine: Machine, node: NodeRoot) -> None:
        node.command("waits", script=f"sleep 60 & echo $! > {node.folder}/child; wait")
        error, _ = refusal(machine.run, ["waits", "x"], 0.3)
        assert error == "waits x did not finish within 0.3 s"

    def test_a_root_with_a_slash_at_its_end_is_the_same(self) -> None:
        assert Machine("/x/").place("/etc") == "/x/etc"
        assert Machine().place("/etc") == "/etc"
