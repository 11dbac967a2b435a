"""A lab without its Python packages says how to get them, before it starts anything."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from pathlib import Path

import pytest

from pvesdn.cli.app import run
from pvesdn_lab.live.outside.extra import missing_extra


@pytest.fixture
def without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fakepve", "cryptography"):
        monkeypatch.setitem(sys.modules, name, None)


def came_from(monkeypatch: pytest.MonkeyPatch, folder: Path, origin: object) -> None:
    """pvesdn is installed, and its installer has noted `origin`."""
    information = folder / "pvesdn-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Name: pvesdn\nVersion: 1\n")
    if origin is not None:
        (information / "direct_url.json").write_text(json.dumps(origin))
    monkeypatch.setattr(metadata, "distribution", lambda _name: metadata.Distribution.at(information))


@pytest.mark.usefixtures("without_the_extra")
@pytest.mark.parametrize("words", [["lab", "up"], ["lab", "test"]])
def test_a_lab_that_cannot_start_names_the_extra_and_how_to_install_it(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith("error: fakepve and cryptography are not installed")
    assert "pvesdn[lab]; run: " in error


@pytest.mark.usefixtures("without_the_extra")
def test_where_the_lab_is_run_if_possible_it_is_skipped_with_the_same_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lab", "test", "--if-possible"]) == 0
    assert "The lab was skipped: fakepve and cryptography are not installed" in capsys.readouterr().err


def test_with_the_extra_there_is_nothing_to_say() -> None:
    assert missing_extra() == ""


@pytest.mark.usefixtures("without_the_extra")
@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (None, "'pvesdn[lab]'"),
        ({"url": "file:///root/pvesdn", "dir_info": {}}, "'pvesdn[lab] @ file:///root/pvesdn'"),
        ({"url": "file:///root/pvesdn", "dir_info": {"editable": True}}, "-e '/root/pvesdn[lab]'"),
        ({"url": "https://example.com/pvesdn.git", "vcs_info": {"vcs": "git"}}, "'pvesdn[lab]'"),
    ],
)
def test_pip_is_told_to_add_the_extra_to_this_very_installation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, origin: object, requirement: str
) -> None:
    came_from(monkeypatch, tmp_path, origin)
    assert missing_extra().endswith(f"{sys.executable} -m pip install {requirement}")
