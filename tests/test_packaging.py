"""What a person gets who installs the wheels: the program with its templates, hooks and licence; and apart, the lab."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import pvesdn
from pvesdn.node import assembly
from pvesdn_lab.live.scenario import all_scenarios

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / "lab"


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
def lab_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", LAB, tmp_path_factory.mktemp("lab-wheel"))


@pytest.fixture(scope="module")
def clean_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing of ours but the wheel: what a node of a cluster has."""
    return environment(tmp_path_factory.mktemp("clean") / "environment", wheel)


@pytest.fixture(scope="module")
def environment_with_the_lab(wheel: Path, lab_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both wheels: what a machine has on which pvesdn is tried."""
    return environment(tmp_path_factory.mktemp("both") / "environment", wheel, lab_wheel)


def environment(folder: Path, *wheels: Path) -> Path:
    """A virtual environment with nothing of ours but wheels; the packages they need are lent by the running one."""
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--python",
        folder / "bin/python",
    ]
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", *wheels, cwd=folder.parent)
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


def test_a_node_gets_no_lab(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folders = {name.split("/")[0] for name in archive.namelist()}
        about_the_lab = [name for name in archive.namelist() if "lab" in Path(name).stem.split("_")]

    assert folders == {"pvesdn", f"pvesdn-{pvesdn.__version__}.dist-info"}
    assert sorted(about_the_lab) == ["pvesdn/cli/lab_package.py", "pvesdn/cli/verbs/lab.py"]


def test_without_the_lab_its_verb_says_what_to_install(clean_environment: Path) -> None:
    found = subprocess.run(
        [clean_environment / "bin/pvesdn", "lab", "list"],
        cwd=clean_environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert found.returncode == 1
    assert found.stderr.startswith("error: pvesdn-lab is not installed")
    assert f"{clean_environment}/bin/python -m pip install pvesdn-lab=={pvesdn.__version__}" in found.stderr


def test_with_the_lab_beside_it_the_verb_lists_the_scenarios(environment_with_the_lab: Path) -> None:
    listed = run(environment_with_the_lab / "bin/pvesdn", "lab", "list", cwd=environment_with_the_lab)

    assert {line.split()[0] for line in listed.splitlines() if line} >= {scenario.name for scenario in all_scenarios()}


def test_an_installed_lab_has_the_very_files_of_the_checkout(environment_with_the_lab: Path) -> None:
    (installed,) = environment_with_the_lab.glob("lib/python*/site-packages/pvesdn_lab")

    def texts(folder: Path) -> dict[str, bytes]:
        return {name: data for name, (data, _) in tree(folder).items() if not name.endswith(".pyc")}

    assert texts(installed) == texts(LAB / "pvesdn_lab")


def test_a_simulated_node_of_an_installed_lab_answers_its_commands(
    environment_with_the_lab: Path, tmp_path: Path
) -> None:
    program = (
        "import sys; from pathlib import Path; from pvesdn_lab.simulated.cluster import SimulatedCluster\n"
        "node = SimulatedCluster(Path(sys.argv[1])).nodes['pve1']; print(node.run('ip', '-j', 'link').stdout)"
    )
    answer = run(environment_with_the_lab / "bin/python", "-c", program, str(tmp_path / "cluster"), cwd=tmp_path)

    assert "vmbr0" in {link["ifname"] for link in json.loads(answer)}


def test_the_lab_is_of_the_same_version_and_wants_no_other_pvesdn(lab_wheel: Path) -> None:
    with zipfile.ZipFile(lab_wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
        (licence,) = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
        text = archive.read(licence)

    assert metadata["Version"] == pvesdn.__version__
    assert f"pvesdn=={pvesdn.__version__}" in metadata.get_all("Requires-Dist", [])
    assert text == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_says_what_it_needs_and_under_which_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(archive.read(name))
        (licence,) = [name for name in archive.namelist() if name.endswith("/licenses/LICENSE")]
        text = archive.read(licence)

    needed = {line.split(">")[0] for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert needed == {"click", "jinja2", "prometheus-client", "proxmoxer", "pydantic", "requests", "rich", "urllib3"}
    assert metadata["License-Expression"] == "AGPL-3.0-or-later"
    assert text == (ROOT / "LICENSE").read_bytes()


def test_the_licence_is_the_whole_gnu_affero_general_public_license() -> None:
    text = (ROOT / "LICENSE").read_text()

    assert text.split("\n", 2)[0].strip() == "GNU AFFERO GENERAL PUBLIC LICENSE"
    assert all(f"\n  {section}. " in text for section in range(18))
    assert "END OF TERMS AND CONDITIONS" in text


def test_wheels_made_from_the_source_distribution_are_the_same(wheel: Path, lab_wheel: Path, tmp_path: Path) -> None:
    source = build("sdist", ROOT, tmp_path / "sdist")
    (tmp_path / "unpacked").mkdir()
    run("tar", "-xf", source, cwd=tmp_path / "unpacked")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    same = {
        wheel: build("wheel", unpacked, tmp_path / "again"),
        lab_wheel: build("wheel", unpacked / "lab", tmp_path / "lab-again"),
    }

    for first, second in same.items():
        with zipfile.ZipFile(first) as expected, zipfile.ZipFile(second) as found:
            # RECORD holds the digests of all other files.
            (record,) = [name for name in expected.namelist() if name.endswith("/RECORD")]
            assert found.read(record) == expected.read(record)
