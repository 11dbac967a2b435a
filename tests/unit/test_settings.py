"""Settings: what is read from where, and what a fault in them says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvesdn.errors import SettingsError
from pvesdn.settings import Loaded, load_settings

TOKEN = """\
[api]
host = "pve1.lan"
user = "pvesdn@pve"
token_name = "sdn"
"""
SECRET = "0b9cb44c-85c8-4a1a-a4b4-2b0fb1a1b7a5"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "pvesdn.toml"


def load(file: Path | None, environ: dict[str, str] | None = None, *, is_node: bool = False) -> Loaded:
    return load_settings(file, environ or {}, default_file=Path("/nonexistent/pvesdn.toml"), is_node=is_node)


def write(file: Path, text: str, mode: int = 0o600) -> Path:
    file.write_text(text)
    file.chmod(mode)
    return file


def test_the_former_word_for_report_is_taken_for_it(file: Path) -> None:
    write(file, '[watch]\naction = "plan"\n')
    assert load(file, is_node=True).settings.watch.action == "report"


def test_a_node_needs_no_file_at_all() -> None:
    settings = load(None, is_node=True).settings
    assert settings.api.backend == "local"
    assert settings.ssh.user == "root"
    assert settings.watch.action == "report"
    assert settings.lab is None


def test_away_from_a_node_the_api_must_be_named() -> None:
    with pytest.raises(
        SettingsError, match=r"not a cluster node, and /nonexistent/pvesdn\.toml does not name an API; put host"
    ):
        load(None)


def test_what_is_missing_of_the_api_is_named(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"pvesdn\.toml:1: \[api\]: host is missing: name the node"):
        load(write(file, "[api]\nport = 8006\n"))


def test_a_named_file_must_exist(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"pvesdn\.toml: no such file; name an existing one with --config"):
        load(file)


def test_the_environment_may_name_the_file(file: Path) -> None:
    write(file, '[watch]\naction = "apply"\n')
    assert load(None, {"PVESDN_CONFIG": str(file)}, is_node=True).settings.watch.action == "apply"


def test_the_file_of_the_command_line_wins_over_the_environment(file: Path, tmp_path: Path) -> None:
    write(file, '[watch]\naction = "apply"\n')
    other = write(tmp_path / "other.toml", '[watch]\naction = "plan"\n')
    assert load(file, {"PVESDN_CONFIG": str(other)}, is_node=True).settings.watch.action == "apply"


def test_an_absent_file_that_the_environment_names_is_an_error(file: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load(None, {"PVESDN_CONFIG": str(file)}, is_node=True)


def test_a_secret_may_come_from_the_environment(file: Path) -> None:
    settings = load(write(file, TOKEN), {"PVESDN_TOKEN_VALUE": SECRET}).settings
    assert settings.api.backend == "https"
    assert settings.secrets == (SECRET,)
    assert SECRET not in repr(settings)


def test_a_password_may_come_from_the_environment(file: Path) -> None:
    write(file, '[api]\nhost = "pve1"\nuser = "root@pam"\n')
    settings = load(file, {"PVESDN_PASSWORD": "quite secret"}).settings
    assert settings.secrets == ("quite secret",)


def test_the_lab_has_its_folder(file: Path) -> None:
    settings = load(write(file, '[lab]\nfolder = "/tmp/cluster"\n'), is_node=True).settings
    assert settings.lab is not None
    assert settings.lab.folder == Path("/tmp/cluster")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[api]\nport = 8006\nhots = "pve1"\n', ":3: [api] hots: unknown key; did you mean host?"),
        ("[ssh]\nx = 1\n", ":2: [ssh] x: unknown key; known keys: user, port, identity_file, known_hosts, "),
        ("[sshd]\nport = 22\n", ":1: [sshd]: unknown table; did you mean ssh?"),
        ("colour = true\n", ": [colour]: unknown table; known tables: api, ssh, apply, watch, metrics, guests, lab"),
        ("[ssh]\nport = 70000\n", ":2: [ssh] port: input should be less than or equal to 65535"),
        ('[ssh]\nuser = "-oProxyCommand=x"\n', ":2: [ssh] user: string should match pattern"),
        ("[apply]\ntask_timeout = 0\n", ":2: [apply] task_timeout: input should be greater than 0"),
        ('[apply]\nreload = "some"\n', ":2: [apply] reload: input should be 'api' or 'changed'"),
        ('[watch]\naction = "do"\n', ":2: [watch] action: input should be 'report' or 'apply'"),
        ("api = 1\n", ": [api]: input should be a valid dictionary or instance of ApiSettings"),
        ("[api]\nverify = perhaps\n", ": is not valid TOML (at line 2, column 10)"),
    ],
)
def test_a_fault_names_file_line_and_key(file: Path, text: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(file, text), is_node=True)
    assert f"{file}{fault}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_all_faults_are_told_at_once(file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(file, "[ssh]\nport = 0\nuser = 3\n"), is_node=True)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"[api]\ntoken_value = {SECRET}\n",
        f'[api]\ntoken_value = ["{SECRET}"]\n',
        f'[api]\ntokenvalue = "{SECRET}"\n',
        f'[api]\nbackend = "https"\nhost = "pve1"\nuser = "root@pam"\ntoken_value = "{SECRET}"\n',
    ],
    ids=["bare", "list", "misspelt", "half"],
)
def test_no_fault_shows_a_secret(file: Path, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(write(file, text))
    assert SECRET not in str(caught.value)


def test_a_file_that_is_no_text_is_an_error(file: Path) -> None:
    file.write_bytes(b"\xff\xfe[api]")
    with pytest.raises(SettingsError, match="is not UTF-8 text"):
        load(file)


def test_a_folder_is_no_settings_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"[Ii]s a directory; run as root, or name a file with --config"):
        load(tmp_path)


def test_a_secret_that_others_may_read_is_a_warning(file: Path) -> None:
    write(file, f'{TOKEN}token_value = "{SECRET}"\n', mode=0o644)
    assert load(file).warnings == (
        f"{file}: holds a secret and is readable by others (mode 0644); run: chmod 600 {file}",
    )


def test_a_secret_of_ones_own_is_no_warning(file: Path) -> None:
    assert load(write(file, f'{TOKEN}token_value = "{SECRET}"\n')).warnings == ()


def test_a_file_without_a_secret_may_be_read_by_all(file: Path) -> None:
    assert load(write(file, TOKEN, mode=0o644), {"PVESDN_TOKEN_VALUE": SECRET}).warnings == ()


@pytest.mark.parametrize("text", ["[api]\nport = " + "9" * 5000, "a = " + "[" * 5000 + "]" * 5000])
def test_toml_beyond_what_python_reads_is_an_error_like_any_other(file: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="is not valid TOML"):
        load(write(file, text))


@pytest.mark.parametrize("limit", ["inf", "nan", "0", "-1", "1e9"])
def test_a_time_limit_is_a_time(file: Path, limit: str) -> None:
    with pytest.raises(SettingsError, match=r"\[api\] timeout"):
        load(write(file, f"{TOKEN}token_value = '{SECRET}'\ntimeout = {limit}\n"))
