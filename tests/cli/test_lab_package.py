"""Without pvesdn-lab, `pvesdn lab` says how to get it before it starts anything."""

from __future__ import annotations

import json
import shlex
import sys
from importlib import metadata
from pathlib import Path

import pytest

import pvesdn
from pvesdn.cli import lab_package
from pvesdn.cli.app import run
from pvesdn.cli.verbs.lab import MACHINES
from pvesdn_lab.live.outside import machines

VERBS = (["list"], ["up"], ["test"], ["exec", "node1", "--", "true"], ["down"])
GUEST = ["guest", "add", "web", "--node", "node1", "--vnet", "vmbr2"]


@pytest.fixture
def without_the_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pvesdn_lab", "fakepve", "cryptography"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def without_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fakepve", "cryptography"):
        monkeypatch.setitem(sys.modules, name, None)


def came_from(monkeypatch: pytest.MonkeyPatch, folder: Path, origin: object) -> None:
    """pvesdn 1.2 is installed, and its installer has noted `origin`."""
    information = folder / "pvesdn-1.2.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: pvesdn\nVersion: 1.2\n")
    if origin is not None:
        (information / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.setattr(metadata, "distribution", lambda _name: metadata.Distribution.at(information))


def advised() -> list[str]:
    """The words of the command that mends it."""
    return shlex.split(lab_package.missing().partition("run: ")[2])


@pytest.mark.usefixtures("without_the_lab")
@pytest.mark.parametrize("words", [*VERBS, GUEST], ids=" ".join)
def test_every_verb_of_the_lab_says_what_to_install(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", *words]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("error: pvesdn-lab is not installed, which the lab needs; run: ")


@pytest.mark.usefixtures("without_its_packages")
@pytest.mark.parametrize("words", [["lab", "up"], ["lab", "test"]])
def test_a_lab_that_cannot_start_names_what_is_missing_and_how_to_install_it(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("error: fakepve and cryptography are not installed")
    assert "pip install " in error


@pytest.mark.usefixtures("without_its_packages")
def test_where_the_lab_is_run_if_possible_it_is_skipped_with_the_same_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "test", "--if-possible"]) == 0
    assert "The lab was skipped: fakepve and cryptography are not installed" in capsys.readouterr().err


@pytest.mark.usefixtures("without_the_lab")
@pytest.mark.parametrize("words", [["lab"], ["lab", "test"]], ids=" ".join)
def test_help_needs_no_lab(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, "--help"]) == 0
    assert "Usage: pvesdn lab" in capsys.readouterr().out


def test_with_the_lab_there_is_nothing_to_say() -> None:
    assert lab_package.missing() == ""


@pytest.mark.usefixtures("without_the_lab")
@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (None, ["pvesdn-lab==1.2"]),
        ({"url": "file:///gone/pvesdn", "dir_info": {}}, ["pvesdn-lab==1.2"]),
        ({"url": "file:///root/pvesdn-1.2-py3-none-any.whl", "archive_info": {}}, ["pvesdn-lab==1.2"]),
        (
            {"url": "https://example.com/pvesdn.git", "vcs_info": {"vcs": "git", "commit_id": "abc123"}},
            ["pvesdn-lab @ git+https://example.com/pvesdn.git@abc123#subdirectory=lab"],
        ),
    ],
)
def test_pip_is_told_to_add_the_lab_of_this_very_pvesdn(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, origin: object, requirement: list[str]
) -> None:
    came_from(monkeypatch, tmp_path, origin)
    assert advised() == [sys.executable, "-m", "pip", "install", *requirement]


@pytest.mark.usefixtures("without_the_lab")
def test_what_dpkg_has_installed_is_left_to_dpkg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    came_from(monkeypatch, tmp_path, None)
    (tmp_path / "pvesdn-1.2.dist-info/INSTALLER").write_text("dpkg\n")

    assert lab_package.missing() == (
        "the lab is not part of Debian's package; run, in a folder for it: "
        f"python3 -m venv lab && lab/bin/pip install pvesdn-lab=={pvesdn.__version__}"
    )


@pytest.mark.usefixtures("without_the_lab")
@pytest.mark.parametrize("option", [[], ["-e"]], ids=["installed", "editable"])
def test_what_came_from_a_checkout_is_installed_from_there_with_its_lab(
    option: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checkout = tmp_path / "my checkout"
    (checkout / "lab").mkdir(parents=True)
    (checkout / "lab/pyproject.toml").touch()
    came_from(monkeypatch, tmp_path, {"url": checkout.as_uri(), "dir_info": {"editable": bool(option)}})
    assert advised()[4:] == [*option, str(checkout), *option, str(checkout / "lab")]


@pytest.mark.usefixtures("without_the_lab")
def test_where_nobody_installed_pvesdn_the_lab_is_named_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "distribution", unknown)
    assert advised()[-1] == "pvesdn-lab"


def test_the_checkout_at_hand_is_advised_where_it_can_be_installed_from(without_the_lab: None) -> None:
    root = Path(pvesdn.__file__).parent.parent
    assert advised()[4:] == ["-e", str(root), "-e", str(root / "lab")]


def test_every_machine_that_can_be_asked_for_is_known_to_the_lab() -> None:
    assert MACHINES == machines.KINDS
