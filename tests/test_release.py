"""A release: version, lab, changelog and tag agree, or `make release-check` says everything that does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tools.release_check import faults, problems, version_of

ROOT = Path(__file__).resolve().parents[1]
CHANGELOG = (
    "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2027-01-15\n\n### Added\n\n* Things.\n\n## [0.1.0] - 2026-12-01\n"
)
LAB = '[project]\nname = "pvesdn-lab"\ndependencies = ["fakepve", "pvesdn==0.2.0"]\n'


def git(folder: Path, *words: str) -> None:
    nobody = {f"GIT_{who}_{what}": "x@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    environment = {**os.environ, **nobody, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, env=environment, timeout=60)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A tree that can be released as 0.2.0."""
    for name, text in (
        ("pvesdn/__init__.py", '"""pvesdn."""\n\n__version__ = "0.2.0"\n'),
        ("lab/pyproject.toml", LAB),
        ("README.md", "# pvesdn\n\n> **Status: 0.2.0.** Promised: much.\n"),
        ("CHANGELOG.md", CHANGELOG),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "release: 0.2.0")
    git(tmp_path, "tag", "--annotate", "--message", "pvesdn 0.2.0", "v0.2.0")
    return tmp_path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def after(folder: Path) -> list[str]:
    """What is in the way once what was edited is committed and tagged."""
    commit(folder, "more")
    git(folder, "tag", "--force", "--annotate", "--message", "again", f"v{version_of(folder)}")
    return list(problems(folder))


def test_nothing_is_in_the_way_where_everything_agrees(ready: Path) -> None:
    assert list(problems(ready)) == []


def test_the_lab_must_need_this_very_version(ready: Path) -> None:
    edit(ready / "lab/pyproject.toml", "0.2.0", "0.1.0")

    assert after(ready) == ["lab/pyproject.toml: does not need pvesdn==0.2.0; set the same version there"]


def test_the_status_box_of_readme_must_say_it(ready: Path) -> None:
    edit(ready / "README.md", "0.2.0", "0.1.0")

    assert after(ready) == ["README.md: its status box does not say 0.2.0"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("[Unreleased]\n", "[Unreleased]\n\n* More.\n", "[Unreleased] is not empty; put '## [0.2.0] - DATE' below"),
        ("## [Unreleased]\n\n", "", "the first section is not [Unreleased]"),
        ("[0.2.0]", "[0.1.1]", "has no section [0.2.0]"),
        ("## [0.2.0]", "## [0.3.0] - 2027-02-01\n\n## [0.2.0]", "[0.2.0] is not the newest section"),
        (" - 2027-01-15", "", "[0.2.0] has no date"),
    ],
)
def test_the_changelog_must_have_this_version_newest_and_nothing_left(
    ready: Path, old: str, new: str, problem: str
) -> None:
    edit(ready / "CHANGELOG.md", old, new)

    (found,) = after(ready)
    assert found.startswith(f"CHANGELOG.md: {problem}")


@pytest.mark.parametrize("version", ["0.2", "0.2.0.dev1", "v0.2.0", ""])
def test_a_version_is_three_numbers(ready: Path, version: str) -> None:
    edit(ready / "pvesdn/__init__.py", "0.2.0", version)

    assert list(problems(ready)) == [f"pvesdn/__init__.py: version '{version}' is not MAJOR.MINOR.PATCH"]


def test_a_missing_tag_is_said_with_the_command_that_makes_it(ready: Path) -> None:
    git(ready, "tag", "--delete", "v0.2.0")

    assert list(problems(ready)) == ['there is no tag v0.2.0; git tag -s v0.2.0 -m "pvesdn 0.2.0"']


def test_a_tag_without_a_message_is_none(ready: Path) -> None:
    git(ready, "tag", "--force", "v0.2.0")

    assert list(problems(ready)) == ["tag v0.2.0 has no message; a release is an annotated tag"]


def test_a_tag_on_another_commit_is_never_moved(ready: Path) -> None:
    commit(ready, "one more")

    assert list(problems(ready)) == [
        "tag v0.2.0 is on another commit; a tag that was published stays, so release the next version"
    ]


def test_what_is_not_committed_is_not_released(ready: Path) -> None:
    (ready / "pvesdn/left.py").write_text("")

    assert list(problems(ready)) == ["1 files are not as committed, such as pvesdn/left.py; commit or remove them"]


def test_everything_that_is_in_the_way_is_said_at_once(ready: Path) -> None:
    edit(ready / "lab/pyproject.toml", "0.2.0", "0.1.0")
    edit(ready / "CHANGELOG.md", " - 2027-01-15", "")
    git(ready, "tag", "--delete", "v0.2.0")

    assert len(list(problems(ready))) == 4


def test_this_tree_says_one_version(capsys: pytest.CaptureFixture[str]) -> None:
    """What can be known without a tag: the lab needs the version that there is."""
    assert not [problem for problem in problems_without_git() if "pyproject" in problem or "MAJOR" in problem]


def problems_without_git() -> list[str]:
    from tools import release_check

    version = version_of(ROOT)
    return [*release_check._lab(ROOT, version), *([] if release_check.NUMBERS.fullmatch(version) else ["MAJOR"])]


def test_what_is_built_from_the_tag_has_its_version(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    aside = shutil.ignore_patterns(".git", ".venv", "build", "dist", "tests", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, tree, ignore=aside)
    was = version_of(tree)
    for name in ("pvesdn/__init__.py", "lab/pyproject.toml", "README.md"):
        edit(tree / name, was, "7.8.9")
    (tree / "CHANGELOG.md").write_text(CHANGELOG.replace("0.2.0", "7.8.9"))
    (tree / ".gitignore").write_text("dist/\n__pycache__/\n")
    git(tree, "init", "--quiet")
    commit(tree, "release: 7.8.9")
    git(tree, "tag", "--annotate", "--message", "pvesdn 7.8.9", "v7.8.9")
    (tree / "dist").mkdir()
    (tree / "dist/old.whl").write_text("of an earlier run")

    done = subprocess.run(
        [sys.executable, "tools/release_check.py"], cwd=tree, capture_output=True, text=True, check=False, timeout=600
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "release-check: v7.8.9 is ready to be published"
    made = sorted((tree / "dist").iterdir())
    assert [path.name for path in made] == [
        "pvesdn-7.8.9-py3-none-any.whl",
        "pvesdn-7.8.9.tar.gz",
        "pvesdn_lab-7.8.9-py3-none-any.whl",
    ]
    with tarfile.open(made[1]) as source:
        assert {"pvesdn-7.8.9/CONTRIBUTING.md", "pvesdn-7.8.9/SECURITY.md"} <= set(source.getnames())
    assert list(faults(made, "7.8.9")) == []
    assert len(list(faults(made, "7.9.0"))) == 3


def test_a_tree_that_is_not_ready_builds_nothing_and_says_why(ready: Path) -> None:
    git(ready, "tag", "--delete", "v0.2.0")
    (ready / "tools").mkdir()
    shutil.copy(ROOT / "tools/release_check.py", ready / "tools")
    done = subprocess.run(
        [sys.executable, "tools/release_check.py"], cwd=ready, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 1
    assert done.stderr.count("release-check: ") == 2
    assert not (ready / "dist").exists()
