"""What a person gets who installs the wheel: the program, its templates, its hooks, its licence."""

from __future__ import annotations

import email
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import pvesdn
from pvesdn.node import assembly

ROOT = Path(__file__).resolve().parents[1]


def run(*argv: str | Path, cwd: Path) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    result = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build(kind: str, source: Path, target: Path) -> Path:
    """The one distribution that the build backend makes from `source`; no network, no isolation."""
    run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(target), cwd=source)
    (made,) = target.iterdir()
    return made


def tree(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Content and executable bit of every file below `folder`."""
    return {
        str(path.relative_to(folder)): (path.read_bytes(), os.access(path, os.X_OK))
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def clean_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing of ours but the wheel; the packages it needs are lent by the running one."""
    folder = tmp_path_factory.mktemp("clean") / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", folder / "bin/python"]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=folder.parent)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    # A .pth file lends a folder without reading the .pth files in it: our own editable install stays out of sight.
    (site_packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


@pytest.mark.parametrize("kind", ["templates", "hooks"])
def test_an_installed_wheel_finds_the_very_files_of_the_checkout(kind: str, clean_environment: Path) -> None:
    program = f"import pvesdn.resources; print(pvesdn.resources.data_dir({kind!r}))"
    found = Path(run(clean_environment / "bin/python", "-c", program, cwd=clean_environment).strip())

    assert found.is_relative_to(clean_environment)
    assert tree(found) == tree(ROOT / kind)
    assert tree(found), f"{kind} is empty"


def test_an_installed_wheel_gives_ssh_its_configuration(clean_environment: Path) -> None:
    program = "import pvesdn.adapters.nodes.ssh as ssh; print(ssh.CONFIG)"
    found = Path(run(clean_environment / "bin/python", "-c", program, cwd=clean_environment).strip())

    assert found.is_relative_to(clean_environment)
    assert found.read_bytes() == (ROOT / "pvesdn/adapters/nodes/ssh_config").read_bytes()


def test_an_installed_wheel_runs(clean_environment: Path) -> None:
    answer = run(clean_environment / "bin/pvesdn", "--version", cwd=clean_environment)

    assert pvesdn.__version__ in answer


def test_an_installed_wheel_renders_with_its_own_templates(clean_environment: Path) -> None:
    program = "from pvesdn.render.renderer import Renderer; Renderer(); print('ready')"

    assert run(clean_environment / "bin/python", "-c", program, cwd=clean_environment) == "ready\n"


def test_an_installed_wheel_sends_the_very_node_program_of_the_checkout(clean_environment: Path) -> None:
    """It is sent as text, put together from the sources of its parts, so those must be there."""
    program = (
        "import sys, pvesdn.node.assembly as a; print(a.__file__, flush=True); sys.stdout.buffer.write(a.program())"
    )
    place, _, sent = run(clean_environment / "bin/python", "-c", program, cwd=clean_environment).partition("\n")

    assert Path(place).is_relative_to(clean_environment)
    assert sent.encode() == assembly.program()


def test_the_wheel_says_what_it_needs_and_under_which_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
        (licence,) = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
        text = archive.read(licence)

    needed = {line.split(">")[0] for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert needed == {"click", "jinja2", "proxmoxer", "pydantic", "requests", "rich"}
    assert metadata["License-Expression"] == "AGPL-3.0-or-later"
    assert text == (ROOT / "LICENSE").read_bytes()


def test_the_licence_is_the_whole_gnu_affero_general_public_license() -> None:
    text = (ROOT / "LICENSE").read_text()

    assert text.split("\n", 2)[0].strip() == "GNU AFFERO GENERAL PUBLIC LICENSE"
    assert all(f"\n  {section}. " in text for section in range(18))
    assert "END OF TERMS AND CONDITIONS" in text


def test_a_wheel_made_from_the_source_distribution_is_the_same(wheel: Path, tmp_path: Path) -> None:
    source = build("sdist", ROOT, tmp_path / "sdist")
    (tmp_path / "unpacked").mkdir()
    run("tar", "-xf", source, cwd=tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    again = build("wheel", unpacked, tmp_path / "again")

    with zipfile.ZipFile(wheel) as expected, zipfile.ZipFile(again) as found:
        # RECORD holds the digests of all other files.
        (record,) = [name for name in expected.namelist() if name.endswith("/RECORD")]
        assert found.read(record) == expected.read(record)
