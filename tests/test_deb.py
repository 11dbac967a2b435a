"""Debian's package, as far as it can be known without making one; `make deb-check` makes and tries it."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import tomllib
from datetime import UTC, datetime
from email import message_from_string
from email.message import Message
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pytest

from pvesdn.node.program.places import FRR_CONF, FRR_DAEMONS
from pvesdn.node.program.record import json_bytes
from tests.test_release import commit, git
from tools.deb.licences import copyright_file
from tools.deb.repo import SUITE, how_to_use, make_repository
from tools.deb.staging import DOCUMENTS, HOME, HOOKS, LOCK, PYTHONS, UNITS, _programs, lay_out_hooks, tidy
from tools.deb.version import Version, changelog, debian_version
from tools.release_check import version_of

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted(ROOT.glob("debian/pvesdn.p[or]*"))
UNIT_FILES = sorted(ROOT.glob("hooks/*.service"))
WHEN = datetime(2027, 1, 15, 12, tzinfo=UTC)
LOCKED = dict(re.findall(r"^([a-z0-9-]+)==(\S+)", LOCK.read_text(), re.MULTILINE))
dpkg = pytest.mark.skipif(shutil.which("dpkg") is None, reason="this is no Debian: dpkg was not asked")


def control() -> Message:
    """The paragraph of the package."""
    return message_from_string((ROOT / "debian/control").read_text().partition("\n\n")[2])


def names(requirements: str) -> set[str]:
    return {re.split(r"[ (]", word.strip())[0] for word in requirements.split(",")}


# --- what it needs ----------------------------------------------------------------------------------------------------


def test_each_package_that_pvesdn_needs_is_debians_or_in_the_package() -> None:
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    debians = names(str(control()["Depends"]))

    for requirement in needed:
        name = requirement.partition(">")[0]
        assert (name in LOCKED) != (f"python3-{name}" in debians), name


def test_what_is_in_the_package_is_of_the_versions_that_the_tests_run_with() -> None:
    lines = (ROOT / "tools/constraints.txt").read_text().splitlines()
    pinned = {name.lower().replace("_", "-"): version for name, _, version in (line.partition("==") for line in lines)}

    assert {name: pinned[name] for name in LOCKED} == LOCKED


def test_each_wheel_has_a_digest_and_the_compiled_one_has_one_for_each_python() -> None:
    digests = {
        block.partition("==")[0]: re.findall(r"--hash=sha256:[0-9a-f]{64}", block)
        for block in re.split(r"\n(?=[a-z])", LOCK.read_text().partition("\nannotated")[2])
    }

    assert all(len(found) == (len(PYTHONS) if name == "pydantic-core" else 1) for name, found in digests.items())


def test_the_package_is_for_the_pythons_that_it_has_compiled_modules_for() -> None:
    depends = str(control()["Depends"])

    assert f"python3 (>= {PYTHONS[0]})" in depends
    assert f"python3 (<< 3.{int(PYTHONS[-1].partition('.')[2]) + 1})" in depends


def test_what_the_units_call_is_there() -> None:
    """kill is procps's, which a small Debian lacks."""
    called = re.findall(r"^Exec\w+=[-@]?(\S+)", "".join(unit.read_text() for unit in UNIT_FILES), re.MULTILINE)

    assert set(called) <= {"/usr/bin/env", "/bin/kill"}
    assert "procps" in names(str(control()["Depends"]))


def test_ssh_is_needed_and_nothing_comes_along_that_starts_frr_or_replaces_the_machines_ifupdown() -> None:
    """apt installs what is recommended unless it is told not to, and FRR's package enables and starts its service."""
    with_it = {name for field in ("Pre-Depends", "Depends", "Recommends") for name in names(control().get(field, ""))}

    assert "openssh-client" in with_it
    assert not with_it & {"ifupdown2", "frr", "frr-pythontools"}
    assert names(str(control()["Suggests"])) == {"ifupdown2", "frr", "frr-pythontools", "graphviz"}


# --- version and changelog --------------------------------------------------------------------------------------------


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "pvesdn").mkdir()
    (tmp_path / "pvesdn/__init__.py").write_text('__version__ = "0.2.0"\n')
    git(tmp_path, "init", "--quiet")
    commit(tmp_path, "first")
    return tmp_path


@dpkg
def test_versions_rise_from_a_commit_before_the_release_to_one_after_it(tree: Path) -> None:
    before = debian_version(tree).text
    (tree / "pvesdn/more.py").touch()
    commit(tree, "release: 0.2.0")
    git(tree, "tag", "--annotate", "--message", "pvesdn 0.2.0", "v0.2.0")
    release = debian_version(tree).text
    (tree / "pvesdn/more.py").write_text("MORE = 1\n")
    edited = debian_version(tree).text
    commit(tree, "later")
    later = debian_version(tree).text

    assert release == "0.2.0"
    assert edited.endswith(".changed")
    for lower, higher in [*pairwise((before, release, later)), (release, edited)]:
        subprocess.run(["dpkg", "--compare-versions", lower, "lt", higher], check=True, timeout=10)


def test_without_git_the_version_is_that_of_pvesdn(tree: Path) -> None:
    shutil.rmtree(tree / ".git")

    assert debian_version(tree).text == version_of(tree)


@dpkg
@pytest.mark.parametrize("unreleased", ["", "### Added\n\n* `a` and\n  b.\n\n"], ids=["a release", "on the way"])
def test_dpkg_reads_the_changelog(unreleased: str, tree: Path) -> None:
    (tree / "CHANGELOG.md").write_text(
        f"# Changelog\n\n## [Unreleased]\n\n{unreleased}"
        "## [0.2.0] - 2027-01-15\n\n### Added\n\n* Things.\n\n## [0.1.0] - 2026-12-01\n\n### Added\n\n* First.\n"
    )
    version = "0.2.0+git1" if unreleased else "0.2.0"
    text = changelog(tree, Version(version, WHEN), "Somebody <x@example.org>")
    fields = subprocess.run(
        ["dpkg-parsechangelog", "--file", "-", "--all"], input=text, capture_output=True, text=True, check=True, timeout=30
    )  # fmt: skip

    assert f"Version: {version}\n" in fields.stdout
    assert fields.stderr == ""
    assert ("* 'a' and b." in text) == bool(unreleased)
    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_the_changelog_of_this_tree_begins_with_its_version() -> None:
    text = changelog(ROOT, Version("9.9", WHEN), "Somebody <x@example.org>")

    assert text.startswith("pvesdn (9.9) unstable; urgency=medium\n\n  * ")


# --- what is laid out -------------------------------------------------------------------------------------------------


def test_units_go_to_systemd_and_the_other_hooks_to_a_folder_of_their_own(tmp_path: Path) -> None:
    hooks = tmp_path / "tree/hooks"
    hooks.mkdir(parents=True)
    (hooks / "pvesdn-watch.service").write_text("[Service]\n")
    (hooks / "pvesdn-guest").write_text("#!/bin/sh\n")
    (hooks / "pvesdn-guest").chmod(0o755)
    (hooks / "prometheus").mkdir()
    (hooks / "prometheus/rules.yml").write_text("groups: []\n")
    staged = tmp_path / "staged"
    (staged / HOME / "pvesdn/_data/hooks").mkdir(parents=True)
    lay_out_hooks(tmp_path / "tree", staged)

    assert [path.name for path in (staged / UNITS).iterdir()] == ["pvesdn-watch.service"]
    rules, hook = sorted((staged / HOOKS).iterdir())
    assert (rules / "rules.yml").read_text() == "groups: []\n"
    assert hook.stat().st_mode & 0o777 == 0o755
    assert (staged / HOME / "pvesdn/_data/hooks/pvesdn-guest").read_text() == "#!/bin/sh\n"


def test_each_unit_has_the_environment_of_its_administrator(tmp_path: Path) -> None:
    _programs(ROOT, tmp_path)
    for unit in UNIT_FILES:
        assert (
            "EnvironmentFile=-/etc/default/pvesdn" in (tmp_path / UNITS / f"{unit.name}.d/environment.conf").read_text()
        )


def test_of_what_pip_noted_the_versions_stay_and_dpkg_is_the_installer(tmp_path: Path) -> None:
    noted = tmp_path / HOME / "thing-1.dist-info"
    (noted / "licenses").mkdir(parents=True)
    for name in ("METADATA", "RECORD", "INSTALLER", "licenses/LICENSE"):
        (noted / name).write_text("x")
    tidy(tmp_path)

    assert {path.name: path.read_text() for path in noted.iterdir()} == {"METADATA": "x", "INSTALLER": "dpkg\n"}


def test_what_a_compiled_module_was_linked_from_is_listed_where_the_licences_refer_to_it(tmp_path: Path) -> None:
    parts = tmp_path / HOME / "pydantic_core-2.dist-info/sboms/pydantic-core.cyclonedx.json"
    parts.parent.mkdir(parents=True)
    parts.write_text("{}\n")

    tidy(tmp_path)
    assert (tmp_path / DOCUMENTS / parts.name).read_text() == "{}\n"
    assert f"{parts.name} in /{DOCUMENTS}" in " ".join(copyright_file(ROOT / "LICENSE", tmp_path).split())


def test_each_licence_is_told_with_its_text_or_with_where_debian_has_it(tmp_path: Path) -> None:
    for name, licence, text in (
        ("one-two", "MIT", "MIT License\n\nCopyright (c) 2020 Somebody\n\nPermission\n"),
        ("three", "Apache-2.0", "Apache License\n\nCopyright 2019 Other\n"),
    ):
        folder = tmp_path / f"{name.replace('-', '_')}-1.dist-info"
        (folder / "licenses").mkdir(parents=True)
        (folder / "METADATA").write_text(f"Name: {name}\nLicense-Expression: {licence}\n")
        (folder / "licenses/LICENSE").write_text(text)
    (tmp_path / "LICENSE").write_text("GNU AFFERO\n\nGENERAL\n")
    text = copyright_file(tmp_path / "LICENSE", tmp_path)

    assert "License: AGPL-3.0-or-later\n GNU AFFERO\n .\n GENERAL\n" in text
    assert "Files: usr/lib/pvesdn/one_two*\nCopyright: 2020 Somebody\nLicense: MIT-one-two\n MIT License\n" in text
    assert (
        "Copyright: 2019 Other\nLicense: Apache-2.0-three\n The text is in /usr/share/common-licenses/Apache-2.0."
        in text
    )


@pytest.mark.skipif(shutil.which("apt-ftparchive") is None, reason="no repository was made; apt-get install apt-utils")
def test_a_repository_names_its_package_and_the_digest_of_its_index(tmp_path: Path) -> None:
    control = tmp_path / "tree/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text("Package: pvesdn\nVersion: 1\nArchitecture: amd64\nMaintainer: a <a@b.c>\nDescription: a\n")
    package = tmp_path / "pvesdn_1_amd64.deb"
    subprocess.run(["dpkg-deb", "--build", tmp_path / "tree", package], check=True, capture_output=True, timeout=60)
    make_repository(package, "", tmp_path / "repo")
    lists = tmp_path / "repo/dists" / SUITE
    index = lists / "main/binary-amd64/Packages"
    (file,) = re.findall(r"^Filename: (.+)$", index.read_text(), re.MULTILINE)

    assert (tmp_path / "repo" / file).read_bytes() == package.read_bytes()
    assert f"{sha256(index.read_bytes()).hexdigest()} " in (lists / "Release").read_text()
    assert gzip.decompress(index.with_suffix(".gz").read_bytes()) == index.read_bytes()
    assert not (lists / "InRelease").exists()
    assert "trusted=yes" in how_to_use(tmp_path / "repo", is_signed=False)


# --- maintainer scripts -----------------------------------------------------------------------------------------------


def test_there_are_scripts_for_installation_removal_and_purge() -> None:
    assert [path.suffix for path in SCRIPTS] == [".postinst", ".postrm", ".prerm"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_is_a_shells_and_stops_at_the_first_error(script: Path) -> None:
    subprocess.run(["sh", "-n", script], check=True, timeout=10)

    assert script.read_text().startswith("#!/bin/sh\nset -e\n")
    assert script.read_text().endswith("\n#DEBHELPER#\n")


def purge(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run what dpkg runs at a purge, on folders below `folder`."""
    text = (ROOT / "debian/pvesdn.postrm").read_text().replace("@UNITS@", "pvesdn-watch.service")
    text = re.sub(r"(?<![\w$])/(etc|var)/", rf"{folder}/\1/", text)
    return subprocess.run(
        ["sh", "-c", text, "postrm", "purge"], capture_output=True, text=True, check=False, timeout=10
    )


@pytest.fixture
def node(tmp_path: Path) -> Path:
    for name in ("var/lib/pvesdn/written.json", "var/lib/pvesdn/crash/report", "etc/network/interfaces.d/other",
                 "etc/systemd/system/multi-user.target.wants/pvesdn-watch.service"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_a_purge_takes_state_and_links_of_units_and_nothing_else(node: Path) -> None:
    assert purge(node).returncode == 0
    assert [path.name for path in node.rglob("*") if path.is_file()] == ["other"]
    assert not (node / "var/lib/pvesdn").exists()


@pytest.mark.parametrize("name", ["checkpoint.json", "commit.json"])
def test_a_purge_waits_while_the_node_may_have_to_put_itself_back(name: str, node: Path) -> None:
    (node / "var/lib/pvesdn" / name).touch()
    done = purge(node)

    assert done.returncode == 1
    assert "an apply is open on this node" in done.stderr
    assert (node / "var/lib/pvesdn/written.json").exists()


@pytest.mark.parametrize("name", ["etc/network/interfaces.d/pvesdn", "etc/sysctl.d/90-pvesdn.conf"])
def test_a_purge_keeps_networks_and_the_record_of_them(name: str, node: Path) -> None:
    (node / name).parent.mkdir(exist_ok=True)
    (node / name).touch()
    done = purge(node)

    assert done.returncode == 0
    assert (node / name).exists()
    assert [path.name for path in (node / "var/lib/pvesdn").iterdir()] == ["written.json"]
    assert "this node still has networks of pvesdn" in done.stderr


FRRS = (FRR_CONF, FRR_DAEMONS)


@pytest.mark.parametrize("name", FRRS)
def test_a_purge_keeps_the_record_of_a_node_that_has_only_frrs_files_of_ours(name: str, node: Path) -> None:
    record = json_bytes({"format": 1, "files": {f"{node}{path}": "0" * 64 for path in FRRS}, "unfinished": False})
    (node / "var/lib/pvesdn/written.json").write_bytes(record)
    (node / "etc/frr").mkdir()
    (node / name.lstrip("/")).touch()
    done = purge(node)

    assert done.returncode == 0
    assert [path.name for path in (node / "var/lib/pvesdn").iterdir()] == ["written.json"]
    assert (node / "var/lib/pvesdn/written.json").read_bytes() == record
    assert "this node still has networks of pvesdn" in done.stderr


def test_a_purge_takes_a_record_of_files_that_are_gone_and_leaves_an_frr_that_is_not_ours(node: Path) -> None:
    record = json_bytes({"format": 1, "files": {f"{node}{FRR_DAEMONS}": "0" * 64}, "unfinished": False})
    (node / "var/lib/pvesdn/written.json").write_bytes(record)
    (node / "etc/frr").mkdir()
    (node / FRR_CONF.lstrip("/")).touch()

    assert purge(node).returncode == 0
    assert (node / FRR_CONF.lstrip("/")).exists()
    assert not (node / "var/lib/pvesdn").exists()
