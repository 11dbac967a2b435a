"""Settings: one TOML file, closed, with secrets from it or from the environment and never from arguments.

The file is ``--config FILE``, else ``$PVESDN_CONFIG``, else `DEFAULT_FILE` (root only, replicated by the cluster). The
default file may be absent, a named one may not. Each key says here what it means; `docs/reference.md` is printed from
it.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError

from pvesdn.errors import SettingsError
from pvesdn.model.api_settings import ApiSettings, Seconds
from pvesdn.model.base import Model
from pvesdn.model.nearest import nearest
from pvesdn.model.primitives import NodeName, PortNumber
from pvesdn.model.secret_variables import SECRET_VARIABLES

DEFAULT_FILE = Path("/etc/pve/priv/pvesdn.toml")
NODE_MARK = Path("/etc/pve/local")
"""pmxcfs has it on every node of a cluster and nowhere else."""

_PRIVATE = PurePath("/etc/pve/priv")
_HEADER = re.compile(r"\s*\[\s*([\w-]+)\s*\]")


class SshSettings(Model):
    """How the other nodes are reached. What is absent is left to ssh's own configuration."""

    user: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]*$")] = Field(
        default="root", description="User on the nodes. Everything pvesdn does there needs root.", examples=["root"]
    )
    port: PortNumber | None = Field(default=None, description="Port of the nodes' SSH server.", examples=[22])
    identity_file: Path | None = Field(
        default=None, description="Private key to log in with.", examples=["/root/.ssh/pvesdn"]
    )
    known_hosts: Path | None = Field(
        default=None,
        description="File of host keys, besides those that the cluster keeps.",
        examples=["/root/.ssh/known_hosts"],
    )
    connect_timeout: Seconds = Field(default=10.0, description="Seconds to establish a connection.", examples=[20])
    timeout: Seconds = Field(
        default=600.0,
        description="Seconds for one call of the node program. Reloading FRR may take minutes.",
        examples=[900],
    )


class ApplySettings(Model):
    """How `pvesdn apply` goes about it."""

    task_timeout: Seconds = Field(
        default=600.0, description="Seconds for one PVE task, such as a node's network reload.", examples=[1200]
    )
    reload: Literal["api", "changed"] = Field(
        default="api",
        description="`api` has PVE reload each node's whole network. `changed` takes down and brings up only the "
        "interfaces that change, with `ifdown` and `ifup`, where that leaves the node as a whole reload does; the plan "
        "says so, or why not.",
        examples=["changed"],
    )


def _action(value: object) -> object:
    """`plan` is what `report` was called before."""
    return "report" if value == "plan" else value


class WatchSettings(Model):
    """What `pvesdn watch` may do."""

    action: Annotated[Literal["report", "apply"], BeforeValidator(_action)] = Field(
        default="report",
        description="`report` tells what `apply` would change; `apply` carries it out.",
        examples=["apply"],
    )
    restart_frr: bool = Field(
        default=False,
        description="Restart FRR of a node where it was started before the network and has missed its devices.",
        examples=[True],
    )
    state_dir: Path = Field(
        default=Path("/var/lib/pvesdn"), description="Where it keeps what it last saw.", examples=["/var/lib/pvesdn"]
    )


def _for_node_exporter(value: Path) -> Path:
    if not value.is_absolute() or value.suffix != ".prom":
        msg = "must be an absolute path that ends in .prom: node_exporter reads no other file"
        raise ValueError(msg)
    return value


class MetricsSettings(Model):
    """What `pvesdn watch` tells Prometheus by a file, see `docs/metrics.md`."""

    textfile: Annotated[Path, AfterValidator(_for_node_exporter)] | None = Field(
        default=None,
        description="File in the folder of node_exporter's textfile collector. The node that acts for the cluster writes "
        "it; on the others it is taken away. Without it no metrics are written. pvesdn-watch takes a change when it is "
        "restarted.",
        examples=["/var/lib/prometheus/node-exporter/pvesdn.prom"],
    )
    every: Annotated[int, Field(ge=60, le=86400)] = Field(
        default=300,
        description="Seconds between two files, at most: after a look and after a verification it is written anyway.",
        examples=[600],
    )


class GuestSettings(Model):
    """What the hookscript for guests, `pvesdn-guest`, may do."""

    refuse: Literal["carried", "all", "none"] = Field(
        default="carried",
        description="Which guests are not started while something is wrong with their VNet on that node: those in VNets "
        "drawn in PVE's panel that pvesdn carries, all, or none. All are told in the task's log. Counts only in "
        "`/etc/pve/priv/pvesdn.toml`.",
        examples=["all"],
    )


class LabSettings(Model):
    """A simulated cluster in place of a real one. For tests of pvesdn itself."""

    folder: Path = Field(
        description="Folder with `nodes/NODE` for each node. Nothing goes through SSH.", examples=["/root/cluster"]
    )
    local_node: NodeName | None = Field(
        default=None, description="The node that this machine acts as.", examples=["pve1"]
    )


class Settings(Model):
    """All settings, complete and valid."""

    api: ApiSettings
    ssh: SshSettings = SshSettings()
    apply: ApplySettings = ApplySettings()
    watch: WatchSettings = WatchSettings()
    metrics: MetricsSettings = MetricsSettings()
    guests: GuestSettings = GuestSettings()
    lab: LabSettings | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""
        found: tuple[SecretStr | None, ...] = (self.api.token_value, self.api.password)
        return tuple(secret.get_secret_value() for secret in found if secret is not None)


_TABLES: dict[str, type[Model]] = {
    "api": ApiSettings,
    "ssh": SshSettings,
    "apply": ApplySettings,
    "watch": WatchSettings,
    "metrics": MetricsSettings,
    "guests": GuestSettings,
    "lab": LabSettings,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and what should be said about their file."""

    settings: Settings
    warnings: tuple[str, ...] = ()


def load_settings(
    named: Path | None,
    environ: Mapping[str, str],
    *,
    default_file: Path = DEFAULT_FILE,
    is_node: bool | None = None,
) -> Loaded:
    """Read the settings.

    :param named: the file of `--config`; None leaves it to the environment and the default.
    :param is_node: this machine is a node of a cluster; None looks.
    :raises SettingsError: a named file is absent, or a file cannot be read or has an unknown key or a bad value.
    """
    chosen = _chosen(named, environ)
    file = chosen or default_file
    text = _read(file, may_be_absent=chosen is None)
    tables = _parse(file, text)
    on_node = NODE_MARK.exists() if is_node is None else is_node
    if not on_node and "api" not in tables:
        raise SettingsError(
            f"this machine is not a cluster node, and {file} does not name an API",
            hint="put host, user and a token under [api] in a file and name it with --config",
        )
    for variable, key in SECRET_VARIABLES.items():
        if value := environ.get(variable):
            _table(tables, "api")[key] = value
    _table(tables, "api").setdefault("backend", "local" if on_node else "https")
    try:
        settings = Settings.model_validate(tables)
    except ValidationError as error:
        raise SettingsError("\n".join(_faults(file, text, error))) from None
    return Loaded(settings, _warnings(file, text))


def settings_file(named: Path | None, environ: Mapping[str, str]) -> Path:
    """The file that is in force, whether it is there or not.

    :param named: as for `load_settings`.
    """
    return _chosen(named, environ) or DEFAULT_FILE


def _chosen(named: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The file that somebody has named, which must be there."""
    return named or (Path(environ["PVESDN_CONFIG"]) if environ.get("PVESDN_CONFIG") else None)


def _read(file: Path, *, may_be_absent: bool) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        if may_be_absent:
            return ""
        raise SettingsError(f"{file}: no such file", hint="name an existing one with --config") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: is not UTF-8 text") from None
    except OSError as error:
        if may_be_absent and isinstance(error, NotADirectoryError):
            return ""
        raise SettingsError(f"{file}: {error.strerror}", hint="run as root, or name a file with --config") from None


def _parse(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        # A word without quotes may be a secret: the place is enough. Endless numbers and lists have none.
        place = re.search(r"\(at .*\)$", str(error))
        raise SettingsError(f"{file}: is not valid TOML {place[0] if place else ''}".rstrip()) from None


def _table(tables: dict[str, Any], name: str) -> dict[str, Any]:
    """The table, made when absent; a throw-away one when something else stands there, which validation will tell."""
    table = tables.setdefault(name, {})
    return table if isinstance(table, dict) else {}


def _faults(file: Path, text: str, error: ValidationError) -> list[str]:
    """One line a fault, without the values: one of them may be a secret."""
    found = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        path = [str(part) for part in fault["loc"]]
        line = _line_of(text, path)
        place = f"{file}:{line}" if line else str(file)
        name = f"[{path[0]}] {path[1]}" if len(path) > 1 else f"[{path[0]}]"
        if fault["type"] == "extra_forbidden":
            found.append(f"{place}: {name}: unknown {'key' if len(path) > 1 else 'table'}{_suggestion(path)}")
        else:
            found.append(f"{place}: {name}: {_reason(fault['msg'])}")
    return found


def _reason(message: str) -> str:
    text = message.removeprefix("Value error, ").rstrip(".")
    return text[:1].lower() + text[1:]


def _suggestion(path: Sequence[str]) -> str:
    is_key = len(path) > 1
    known = list((_TABLES[path[0]] if is_key else Settings).model_fields)
    near = nearest(path[-1], known)
    return f"; did you mean {near}?" if near else f"; known {'keys' if is_key else 'tables'}: {', '.join(known)}"


def _line_of(text: str, path: Sequence[str]) -> int:
    """The 1-based line where a table or its key stands; 0 when it cannot be found."""
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = header[1]
            if len(path) == 1 and table == path[0]:
                return number
        elif table == path[0] and len(path) > 1 and re.match(rf"\s*\"?{re.escape(path[1])}\"?\s*=", line):
            return number
    return 0


def _warnings(file: Path, text: str) -> tuple[str, ...]:
    """A secret that others may read; /etc/pve/priv is root's whatever the mode says."""
    if not re.search(r"^\s*(token_value|password)\s*=", text, re.MULTILINE) or file.is_relative_to(_PRIVATE):
        return ()
    mode = stat.S_IMODE(file.stat().st_mode)
    if not mode & 0o077:
        return ()
    return (f"{file}: holds a secret and is readable by others (mode {mode:04o}); run: chmod 600 {file}",)
