"""The command as a whole: help, common options, exit statuses, and what becomes of errors."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pvesdn import __version__
from pvesdn.cli.crash import MOST, report
from pvesdn.errors import ApiRefused, ApiUnavailable, NodeFailed, NodeUnreachable, NotQuorate, PvesdnError, TaskFailed
from tests.cli.kit import UCAST, Result, call, snapshot_of
from tests.cli.test_verify import HEALTHY
from tests.fakes import FakeCluster, fake_cluster

HEAVY = ("pydantic", "jinja2", "prometheus_client", "requests", "proxmoxer", "rich")
SECRET = "f1f3c4a8-0d0e-4b4e-9d2e-1c8a5b7d6e2f"


def modules_after(*argv: str | Path) -> set[str]:
    """Top-level packages that a fresh process has loaded after a call."""
    program = (
        "import sys\nfrom pvesdn.cli.app import run\nstatus = run(sys.argv[1:])\n"
        "print('----', status, *{name.split('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, argv)], capture_output=True, text=True, check=True, timeout=60
    )
    _, status, *names = done.stdout.rpartition("----")[2].split(" ")
    assert status == "0", done.stderr
    return {name.strip() for name in names}


def test_help_loads_little_more_than_click() -> None:
    """Time cannot be asserted, so what takes it is: each of these modules is worth its place, or is not here."""
    empty = "import sys, click\nclick.Command('x').main(['--help'], standalone_mode=False)\n"
    ours = "import sys\nimport pvesdn.cli\nfrom pvesdn.cli.app import run\nrun(['--help'])\n"
    of_click, of_help = (
        set(
            subprocess.run(
                [sys.executable, "-c", program + "print('----', *sys.modules)"],
                capture_output=True, text=True, check=True, timeout=60,
            ).stdout.rpartition("----")[2].split()
        )
        for program in (empty, ours)
    )  # fmt: skip

    assert "click" in of_click
    assert of_help - of_click - {"copy", "dataclasses", "gc", "signal"} == {
        "pvesdn",
        "pvesdn.cli",
        "pvesdn.cli.app",
        "pvesdn.cli.complete",
        "pvesdn.cli.options",
        "pvesdn.cli.places",
        "pvesdn.cli.screens",
        "pvesdn.cli.screens.screen",
        "pvesdn.cli.screens.spans",
        "pvesdn.cli.screens.wrapping",
        "pvesdn.cli.session",
        "pvesdn.cli.statuses",
        "pvesdn.errors",
        "pvesdn.model",
        "pvesdn.model.secret_variables",
    }


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("--version",)])
def test_help_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    assert modules_after(*words).isdisjoint(HEAVY)


@pytest.mark.parametrize("verb", ["plan", "show", "render"])
def test_work_on_a_snapshot_needs_no_api_client(verb: str, cluster: FakeCluster, tmp_path: Path) -> None:
    folder = snapshot_of(cluster, tmp_path / "snap")
    output = ("--output", tmp_path / "out") if verb == "render" else ()
    loaded = modules_after(verb, "--from", folder, *output)
    assert loaded.isdisjoint({"requests", "proxmoxer", "urllib3", "rich"})
    assert "pydantic" in loaded


def test_help_lists_every_verb_and_every_exit_status() -> None:
    result = call("--help")
    assert result.status == 0
    for verb in ("plan", "apply", "render", "show", "snapshot", "watch"):
        assert f"\n  {verb} " in result.out
    for status in (0, 1, 2, 4, 130):
        assert f"\n    {status} " in result.out


@pytest.mark.parametrize("verb", ["plan", "apply", "render", "show", "snapshot", "watch", "check"])
@pytest.mark.parametrize("word", ["-h", "--help"])
def test_every_verb_explains_itself(verb: str, word: str) -> None:
    result = call(verb, word)
    assert result.status == 0
    assert "Exit status:" in result.out
    assert "--config" in result.out


def test_the_version_is_said() -> None:
    assert call("--version") == Result(0, f"pvesdn {__version__}\n", "")


def test_without_a_verb_help_is_shown_and_it_is_an_error() -> None:
    result = call()
    assert (result.status, result.out) == (1, "")
    assert "Usage: pvesdn" in result.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("pln",), "error: there is no verb 'pln'; did you mean plan?\nsee: pvesdn --help\n"),
        (("frobnicate",), "error: there is no verb 'frobnicate'\nsee: pvesdn --help\n"),
        (("plan", "--frm", "x"), "error: No such option '--frm'. Did you mean '--from'?\nsee: pvesdn plan --help\n"),
        (("plan", "extra"), "error: Got unexpected extra argument (extra)\nsee: pvesdn plan --help\n"),
        (("render",), "error: Missing option '--output'.\nsee: pvesdn render --help\n"),
        (("watch", "--json"), "error: --json needs --status\nsee: pvesdn watch --help\n"),
        (("apply", "--json"), "error: --json cannot ask, so it needs --yes\nsee: pvesdn apply --help\n"),
    ],
)
def test_wrong_usage_is_one_line_and_status_1(words: tuple[str, ...], complaint: str) -> None:
    result = call(*words)
    assert result.status == 1
    for part in complaint.splitlines():
        assert part.split(". Did you")[0] in result.err
    assert len(result.err.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        (("topology", "--format", "dot", "-o"), "graph pvesdn {"),
        (("topology", "--format", "mermaid", "--output"), "%%{init"),
        (("report", "-o"), "<!doctype html>"),
        (("metrics", "-o"), "# HELP pvesdn_build_info"),
    ],
)
def test_a_dash_is_standard_output_for_a_text(
    words: tuple[str, ...], begins: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*words, "-", "--from", HEALTHY)
    assert (done.status, done.out[: len(begins)]) == (0, begins)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("plan", "--out", "-"), "- is standard output: a plan is saved in a file, so name one"),
        (("render", "--output", "-"), "- is standard output: this makes a folder, so name one"),
        (("snapshot", "-"), "- is standard output: this makes a folder, so name one"),
        (("import", "--edited", "-"), "- is standard output: this makes a folder, so name one"),
        (("import", "--output", "-"), "- is standard output: without --output the proposal is printed, and with -q"),
    ],
)
def test_a_dash_is_refused_where_standard_output_cannot_have_it(
    words: tuple[str, ...], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = call(*words)
    assert (done.status, done.out) == (1, "")
    assert complaint in done.err
    assert list(tmp_path.iterdir()) == []


def test_common_options_are_taken_before_and_after_the_verb(cluster: FakeCluster, tmp_path: Path) -> None:
    folder = snapshot_of(cluster, tmp_path / "snap")
    before = call("--color", "always", "-q", "plan", "--from", folder)
    after = call("plan", "--from", folder, "-q", "--color=always")
    assert before == after
    assert before.out == "\x1b[1mPlan:\x1b[0m 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.\n"


def test_verbosity_adds_up_over_both_places(cluster: FakeCluster, settings: Path) -> None:
    result = call("-v", "--config", settings, "plan", "-v", cluster=cluster)
    assert sorted(result.err.splitlines()) == ["node1: read ok", "node2: read ok", "node3: read ok"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ApiUnavailable("https://pve1:8006: connection refused", hint="is pveproxy running?"), 1),
        (ApiRefused("https://pve1:8006: 401: token refused", status=401, hint="check token_name"), 1),
        (NotQuorate("the cluster has no quorum", hint="bring nodes back"), 1),
        (NodeFailed("node1", "something failed"), 1),
        (NodeUnreachable("node1", "connection timed out", hint="check SSH"), 4),
    ],
)
def test_every_error_is_one_line_with_its_status(
    cluster: FakeCluster, settings: Path, error: PvesdnError, status: int
) -> None:
    cluster.api.errors["cluster/status"] = error
    assert call("--config", settings, "plan", cluster=cluster) == Result(status, "", f"error: {error}\n")


def test_a_task_that_failed_shows_the_end_of_its_log(cluster: FakeCluster, settings: Path) -> None:
    cluster.api.errors["version"] = TaskFailed("node1", "task failed", log=("one", "two"))
    result = call("--config", settings, "plan", cluster=cluster)
    assert result == Result(1, "", "error: node1: task failed\n  | one\n  | two\n")


def test_all_faults_of_the_definitions_are_shown(settings: Path) -> None:
    broken = fake_cluster("vxlan: ucast\n\tpeer 1.2.3.4\n\nvnet: verylongname\n\tzone ucast\n\ttag 0\n")
    result = call("--config", settings, "plan", cluster=broken)
    assert (result.status, result.out) == (1, "")
    lines = result.err.splitlines()
    assert len(lines) > 2
    assert all(line.startswith("error: pvesdn.cfg:") for line in lines)


def test_whoever_wants_json_gets_errors_as_json_too(cluster: FakeCluster, settings: Path) -> None:
    cluster.api.errors["version"] = ApiUnavailable("connection refused")
    result = call("--config", settings, "plan", "--json", cluster=cluster)
    assert json.loads(result.out) == {
        "format_version": 1,
        "kind": "error",
        "exit_status": 1,
        "errors": ["connection refused"],
    }
    assert result.err == "error: connection refused\n"


def test_pves_own_spelling_of_json_is_taken(cluster: FakeCluster, settings: Path) -> None:
    result = call("--config", settings, "plan", "--output-format", "json", cluster=cluster)
    assert json.loads(result.out)["kind"] == "plan"


class Unforeseen(Exception):
    pass


def crash(cluster: FakeCluster, settings: Path, home: Path, message: str) -> tuple[Result, Path]:
    cluster.api.errors["version"] = Unforeseen(message)  # type: ignore[assignment]
    environ = {"HOME": str(home), "PVESDN_TOKEN_VALUE": SECRET}
    result = call("--config", settings, "plan", cluster=cluster, environ=environ)
    (report,) = (home / ".local" / "state" / "pvesdn").iterdir()
    return result, report


def test_an_unforeseen_error_is_one_line_that_names_a_report(
    cluster: FakeCluster, settings: Path, tmp_path: Path
) -> None:
    result, report = crash(cluster, settings, tmp_path / "home", "oops")
    assert result == Result(1, "", f"error: unexpected error: Unforeseen; a report is in {report}\n")
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert stat.S_IMODE(report.parent.stat().st_mode) == 0o700
    text = report.read_text()
    assert "Unforeseen: oops" in text
    assert f"pvesdn {__version__}" in text


def test_the_same_error_has_one_report_and_other_errors_have_ten(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    (tmp_path / "pvesdn").mkdir()
    (tmp_path / "pvesdn" / "notes.txt").write_text("somebody's")

    def crash_in(function: str) -> Path:
        try:
            exec(f"def {function}(): raise ValueError(object())\n{function}()")
        except ValueError as error:
            found = report(error, [], environ)
        assert found is not None
        return found

    assert len({crash_in("one") for _ in range(3)}) == 1
    newest = [crash_in(f"crash{number}") for number in range(15)][-1]
    left = sorted((tmp_path / "pvesdn").glob("pvesdn-report-*"))
    assert len(left) == MOST
    assert newest in left
    assert (tmp_path / "pvesdn" / "notes.txt").exists()


def test_a_report_goes_elsewhere_when_there_is_no_home_to_write_to(
    cluster: FakeCluster, settings: Path, tmp_path: Path
) -> None:
    (tmp_path / "home").write_text("a file")
    cluster.api.errors["version"] = Unforeseen("oops")  # type: ignore[assignment]
    result = call("--config", settings, "plan", cluster=cluster, environ={"HOME": str(tmp_path / "home")})
    report = Path(result.err.strip().rpartition(" ")[2])
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    report.unlink()


def test_no_report_holds_a_secret(cluster: FakeCluster, settings: Path, tmp_path: Path) -> None:
    message = f"header PVEAPIToken=root@pam!x={SECRET} and {SECRET}; password=hunter2, 'token_value': 'abc'"
    _, report = crash(cluster, settings, tmp_path / "home", message)
    text = report.read_text()
    assert not any(word in text for word in (SECRET, "hunter2", "'abc'"))
    assert "PVEAPIToken=root@pam!x=********" in text


@pytest.mark.parametrize(
    "line",
    [
        " neighbor 192.0.2.9 password swordfish",
        "post-up wg set wg0 private-key swordfish",
        "post-up curl https://bob:swordfish@proxy.example/",
        "post-up TOKEN=swordfish announce",
    ],
)
def test_no_report_holds_a_secret_of_a_line_that_it_quotes(
    cluster: FakeCluster, settings: Path, tmp_path: Path, line: str
) -> None:
    _, report = crash(cluster, settings, tmp_path / "home", f"what is this?\n{line}")
    text = report.read_text()
    assert "what is this?" in text
    assert "swordfish" not in text


def test_a_secret_of_the_settings_is_in_no_report(cluster: FakeCluster, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[api]\nhost = "h"\nuser = "root@pam"\npassword = "correct horse"\n')
    file.chmod(0o600)
    cluster.api.errors["version"] = Unforeseen("it was correct horse")  # type: ignore[assignment]
    result = call("--config", file, "plan", cluster=cluster, environ={"XDG_STATE_HOME": str(tmp_path / "state")})
    (report,) = (tmp_path / "state" / "pvesdn").iterdir()
    assert result.status == 1
    assert "it was ********" in report.read_text()


def test_being_told_to_end_is_the_same_as_ctrl_c(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from pvesdn.cli import app, main\n"
        "def told_to_end(*a, **k): os.kill(os.getpid(), signal.SIGTERM); signal.pause()\n"
        "app.pvesdn.main = told_to_end\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (130, "error: Interrupted: nothing was changed.\n")


def test_ctrl_c_is_one_line_and_status_130(cluster: FakeCluster, settings: Path) -> None:
    cluster.api.errors["version"] = KeyboardInterrupt()  # type: ignore[assignment]
    result = call("--config", settings, "plan", cluster=cluster)
    assert result.status == 130
    assert result.err.strip() == "error: Interrupted: nothing was changed."


def test_a_reader_that_went_away_is_no_crash(cluster: FakeCluster, tmp_path: Path) -> None:
    folder = snapshot_of(cluster, tmp_path / "snap")
    program = "import sys\nfrom pvesdn.cli.app import run\nsys.exit(run(sys.argv[1:]))"
    with subprocess.Popen(
        [sys.executable, "-c", program, "plan", "--diff", "--from", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1


def test_a_warning_of_the_settings_is_shown(cluster: FakeCluster, tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('[api]\nhost = "h"\nuser = "root@pam"\npassword = "correct horse"\n')
    file.chmod(0o644)
    result = call("--config", file, "plan", cluster=cluster)
    assert result.err == (
        f"warning: {file}: holds a secret and is readable by others (mode 0644); run: chmod 600 {file}\n"
    )


def test_unicode_reaches_a_terminal_that_has_none_as_numbers(tmp_path: Path) -> None:
    named = fake_cluster(UCAST.replace("\ttag 3\n", "\ttag 3\n\talias caf\u00e9\n"))
    folder = snapshot_of(named, tmp_path / "snap")
    program = "import sys\nfrom pvesdn.cli.app import run\nsys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", program, "plan", "--diff", "--from", str(folder)],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "ascii:strict"},
        timeout=60,
    )
    assert b"alias caf\\xe9" in done.stdout


@pytest.mark.parametrize(
    ("verb", "statuses"),
    [
        ("topology", [0, 1, 4, 130]),
        ("report", [0, 1, 4, 130]),
        ("show", [0, 1, 4, 130]),
        ("render", [0, 1, 4, 130]),
        ("snapshot", [0, 1, 4, 130]),
        ("metrics", [0, 1, 130]),
        ("history", [0, 1, 130]),
        ("diff", [0, 1, 130]),
        ("apply", [0, 1, 2, 3, 4, 5, 130]),
    ],
)
def test_help_lists_the_exit_statuses_that_a_verb_has(verb: str, statuses: list[int]) -> None:
    told = call(verb, "--help").out.partition("Exit status:")[2]
    assert [int(line.split()[0]) for line in told.splitlines() if line.strip()[:1].isdigit()] == statuses


@pytest.mark.parametrize("verb", ["plan", "verify", "status"])
def test_an_option_that_there_is_not_is_told_as_a_document_too(verb: str) -> None:
    done = call(verb, "--json", "--nosuch")
    document = json.loads(done.out)
    assert (document["kind"], document["exit_status"]) == ("error", done.status)
    assert document["errors"] == [done.err.splitlines()[0].removeprefix("error: ")]
