"""The node program: everything pvesdn does on a node, in one file.

It runs ON a node: standard library only, Python 3.9 syntax (PVE 7), nothing of pvesdn imported, nothing to install.
`pvesdn.node.boot` sends this source and a request over standard input; the answer follows a marker line on standard output.

A request is ``{"verb": str, "arguments": {...}}``; an answer ``{"ok": true, "value": {...}}`` or
``{"ok": false, "error": str, "hint": str}``. The verbs are the functions in `VERBS`; their docstrings are the protocol.

Whatever happens, a node has the files of before a `commit` or those after it: temporaries lie beside their targets, are
swapped in by rename under a journal, and a commit that was killed half-way is taken back by the next call.

Environment: PVESDN_ROOT, a folder, makes the program treat that folder as the node: every path is taken below it, and
commands are those of its `bin` folder only, so that a simulated node cannot touch its host.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import fnmatch
import grp
import hashlib
import ipaddress
import json
import os
import platform
import pwd
import re
import selectors
import shutil
import signal
import stat
import subprocess
import sys
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

MARKER = "----pvesdn-answer----"
LARGEST_FILE = 8 * 1024 * 1024
"""Bytes; what is read of a node is text that people or generators of text wrote."""
LARGEST_READ = 32 * 1024 * 1024
"""Bytes of all files of one answer."""
LARGEST_OUTPUT = 32 * 1024 * 1024
"""Bytes that a command may print; `ip -j -d` has about 1.5 kB for a device."""
PIECE = 64 * 1024
"""Bytes of one read."""

FRR_CONF = "/etc/frr/frr.conf"
SYSCTL_CONF = "/etc/sysctl.d/90-pvesdn.conf"
INTERFACES = ("/etc/network/interfaces.d/sdn", "/etc/network/interfaces.d/pvesdn")
TARGETS = frozenset([*INTERFACES, FRR_CONF, "/etc/frr/frr.conf.local", "/etc/frr/daemons", SYSCTL_CONF])
"""What `stage` and `commit` may touch."""

CLUSTER_FOLDER = "/etc/pve/sdn"
PUT_PATTERN = re.compile(r"/etc/pve/sdn/pvesdn[A-Za-z0-9._-]*")
"""What `put` may write. PVE's own definitions are written through PVE's API alone, which locks them."""
DRAFT = re.compile(r"pvesdn[A-Za-z0-9._-]*\.tmp\.(?P<node>[A-Za-z0-9._-]+)\.(?P<process>[0-9]+)")
"""Names of what `put` writes before it renames it; the last two words are the node and the process that write."""
DRAFT_LIFE = 60.0
"""Seconds. A write and a rename take none of them, so an older draft of another node's belongs to nobody."""

STATE_DIR = "/var/lib/pvesdn"
LOCK = STATE_DIR + "/lock"
JOURNAL = STATE_DIR + "/commit.json"
RECORD = STATE_DIR + "/written.json"

SYSCTLS = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
PACKAGES = ("ifupdown2", "frr", "libpve-network-perl")
IP_COMMANDS = {
    "ip-addr": ["ip", "-j", "-d", "address"],
    "ip-link": ["ip", "-j", "-d", "link"],
    "ip-route": ["ip", "-j", "route"],
    "ip-route6": ["ip", "-j", "-6", "route"],
    "ip-rule": ["ip", "-j", "rule"],
    "ip-rule6": ["ip", "-j", "-6", "rule"],
}
FRR_RELOAD = "/usr/lib/frr/frr-reload.py"
FRR_IS_DOWN = ("is not running", "failed to connect to any daemons")
"""What vtysh, and so frr-reload.py, prints when there is nobody to reload."""

INTERFACE = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.+-]{0,14}")
ALL_ZERO_MAC = "00:00:00:00:00:00"

Value = Dict[str, Any]


class Refused(Exception):
    """What the program does not or cannot do: what, where, and what to do next."""

    def __init__(self, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.hint = hint


class Outcome(NamedTuple):
    """How a command ended; `lines` are its standard output and error together, without empty ones."""

    status: int
    output: str
    lines: List[str]


class Machine:
    """The node below `root`; the real one when `root` is empty."""

    def __init__(self, root: str = "") -> None:
        self.root = root.rstrip("/")

    def place(self, path: str) -> str:
        """Where the node's absolute `path` really lies."""
        return self.root + path

    def find(self, name: str) -> Optional[str]:
        """The executable for a command's name or absolute path, None when the node has no such command."""
        if self.root:
            found = os.path.join(self.root, "bin", os.path.basename(name))
            return found if os.access(found, os.X_OK) else None
        return shutil.which(name, path=self._search_path())

    def run(self, argv: List[str], limit: float) -> Outcome:
        """Run a command to its end: at most `limit` seconds and `LARGEST_OUTPUT` bytes, else Refused, as absent commands are."""
        executable = self.find(argv[0])
        if executable is None:
            raise Refused(f"{os.path.basename(argv[0])} is not installed")
        environment = dict(os.environ, LC_ALL="C", PATH=self._search_path())
        with subprocess.Popen(
            [executable, *argv[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        ) as process:
            try:
                output, errors = _printed(process, argv, limit)
            except BaseException:
                # The whole session: a grandchild would go on.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        text, complaints = output.decode("utf-8", "replace"), errors.decode("utf-8", "replace")
        lines = [line.rstrip() for line in (text + "\n" + complaints).splitlines() if line.strip()]
        return Outcome(process.returncode, text, lines)

    def must(self, argv: List[str], limit: float, hint: str = "") -> Outcome:
        """Like `run`, but any exit status other than 0 is Refused."""
        outcome = self.run(argv, limit)
        if outcome.status:
            raise Refused(_failure(argv, outcome), hint)
        return outcome

    def rename(self, source: str, target: str) -> None:
        """Rename within a folder; `source` and `target` are real places."""
        os.replace(source, target)

    def _search_path(self) -> str:
        own = [os.path.join(self.root, "bin")] if self.root else []
        # An empty element would be the current folder.
        given = [folder for folder in os.environ.get("PATH", "").split(":") if folder]
        return ":".join([*own, *given, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def _printed(process: "subprocess.Popen[bytes]", argv: List[str], limit: float) -> Tuple[bytes, bytes]:
    """What a command prints until its end on standard output and error."""
    too_late = Refused("{} did not end within {:g} s".format(" ".join(argv), limit))
    deadline = time.monotonic() + limit
    output, errors = bytearray(), bytearray()
    assert process.stdout is not None
    assert process.stderr is not None
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ, output)
        ready.register(process.stderr, selectors.EVENT_READ, errors)
        while ready.get_map():
            for key, _ in ready.select(max(0.0, deadline - time.monotonic())):
                piece = os.read(key.fd, PIECE)
                if not piece:
                    ready.unregister(key.fileobj)
                key.data.extend(piece)
                if len(key.data) > LARGEST_OUTPUT:
                    raise Refused("{} printed more than {} MiB".format(" ".join(argv), LARGEST_OUTPUT >> 20))
            if time.monotonic() >= deadline:
                raise too_late
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise too_late from None
    return bytes(output), bytes(errors)


class Change(NamedTuple):
    """One file to write, or to remove when `data` is None; `expect` is the digest of what it replaces, None for nothing.

    `meaning` is remembered with the file: it tells our text in somebody else's words.
    """

    path: str
    data: Optional[bytes]
    mode: int
    owner: str
    expect: Optional[str]
    meaning: Optional[str] = None


# ------------------------------------------------------------------------------------------------------------ the verbs


def read(machine: Machine, arguments: Value) -> Value:
    """Text of files: ``{"files": [patterns]}`` -> ``{"files": {path: text}}``.

    Absent files are absent. The last component of a pattern may have wildcards, which match no dotfiles.
    """
    files = {}
    left = LARGEST_READ
    for pattern in _list(arguments, "files", str):
        for path in _matches(machine, _checked_path(pattern)):
            text = _text_of(machine, path)
            if text is not None:
                files[path] = text
                left -= len(text.encode("utf-8"))
            if left < 0:
                raise Refused(
                    f"the files up to {path} have more than {LARGEST_READ >> 20} MiB",
                    "are they the files they should be?",
                )
    return {"files": files}


def observe(machine: Machine, arguments: Value) -> Value:
    """What `read` reads and what commands print: ``{"files", "commands": [names]}`` -> ``{"hostname", "files", "commands"}``.

    A commit that was killed half-way (power cut) is taken back first: otherwise its half would be taken for an edit.
    """
    if _digest(machine, JOURNAL) is not None:
        with contextlib.suppress(Busy), _locked(machine):
            pass
    names = _list(arguments, "commands", str)
    return {
        "hostname": _hostname(machine),
        "files": read(machine, arguments)["files"],
        "commands": {name: _ask(machine, name) for name in names},
    }


def stage(machine: Machine, arguments: Value) -> Value:
    """Write temporaries beside their targets: ``{"files": [entries]}`` -> ``{"problems": [str]}``.

    An entry is ``{"path", "text" (None removes), "mode": "0644", "owner": "user:group", "expect": sha256 or None (absent),
    "meaning": sha256 or None}``; the last is optional.
    Any problem, FRR's own check of frr.conf included, and nothing stays staged.
    """
    changes = _changes(arguments)
    with _locked(machine):
        _clear_up(machine)
        problems = [problem for change in changes for problem in _obstacles(machine, change)]
        if not problems:
            try:
                for change in changes:
                    _stage_one(machine, change)
                problems = _frr_complaints(machine, changes)
            except OSError as error:
                problems = ["{}: {}".format(error.filename or "a file", error.strerror)]
            except BaseException:
                _unstage(machine, [change.path for change in changes])
                raise
        if problems:
            _unstage(machine, [change.path for change in changes])
    return {"problems": problems}


def commit(machine: Machine, arguments: Value) -> Value:
    """Put staged files in place: ``{"files": [entries as staged], "ifdown": [...], "delete_links": [names]}`` -> ``{"log"}``.

    ``ifdown`` has ``{"file": path, "interface": name}``: taken down while the old file still says how. ``delete_links``
    goes for what the kernel cannot change on a live device. Then all files are swapped, or none.
    """
    changes = _changes(arguments)
    leaving = [_leaving(entry) for entry in _list(arguments, "ifdown", dict)]
    links = [_interface(name) for name in _list(arguments, "delete_links", str)]
    with _locked(machine):
        problems = [problem for change in changes for problem in _obstacles(machine, change)]
        problems += [problem for change in changes for problem in _staging_faults(machine, change)]
        if problems:
            raise Refused("nothing was written: " + "; ".join(problems), "plan and apply again")
        log = []
        gone: List[List[str]] = []
        try:
            for file, interface in leaving:
                log.append(_take_down(machine, file, interface))
                gone.append(["ifup", "-i", machine.place(file), interface])
            for link in links:
                log.append(_delete_link(machine, link))
                gone.append(["ifup", link])
            _swap(machine, changes)
        except BaseException:
            _bring_back(machine, gone)
            raise
    log += ["{} {}".format("removed" if change.data is None else "wrote", change.path) for change in changes]
    return {"log": log}


def discard(machine: Machine, arguments: Value) -> Value:
    """Forget staged files: ``{"files": [paths]}`` -> ``{}``."""
    paths = [_target(path) for path in _list(arguments, "files", str)]
    with _locked(machine):
        _unstage(machine, paths)
    return {}


def sysctl(machine: Machine, arguments: Value) -> Value:
    """Load the settings of ``{"file": path}``, which may have gone -> ``{"log"}``.

    What is no longer in it gets back the value it had before we set it, unless somebody has set it since.
    """
    path = _text(arguments, "file")
    if path != SYSCTL_CONF:
        raise Refused(f"{path!r} is no file of pvesdn's kernel settings")
    with _locked(machine):
        text = _text_of(machine, path)
        wanted = _settings(text or "")
        held = _record(machine).get("sysctl", {})
        kept = {name: {"before": _before(machine, name, held), "ours": ours} for name, ours in wanted.items()}
        # On disk before anything is set: who is killed here must not take our own value for the one before.
        _remember_settings(machine, {**held, **kept})
        log = [] if text is None else machine.must(["sysctl", "-p", machine.place(path)], limit=30).lines
        for name in sorted(held.keys() - kept.keys()):
            before = _before(machine, name, held)
            if before is not None and before != _live(machine, name):
                log += machine.must(["sysctl", "-w", f"{name}={before}"], limit=30).lines
        _remember_settings(machine, kept)
        return {"log": log}


def frr(machine: Machine, arguments: Value) -> Value:
    """Make FRR take its configuration: ``{"action": "reload" or "restart"}`` -> ``{"log"}``.

    FRR that is not running is restarted instead of reloaded, and the log says so. FRR that would not start at boot is
    enabled, as PVE does too: its package comes disabled with PVE.
    """
    action = _text(arguments, "action")
    if action not in ("reload", "restart"):
        raise Refused(f"{action!r} is nothing that FRR can be told")
    if machine.find("vtysh") is None and machine.find(FRR_RELOAD) is None:
        raise Refused("FRR is not installed", "apt install frr frr-pythontools")
    with _locked(machine):
        log = _enable_frr(machine)
        if action == "reload":
            reason, lines = _reload_frr(machine)
            log += lines
            if not reason:
                return {"log": log}
            log.append(reason + ": restarting instead of reloading")
        log += machine.must(["systemctl", "restart", "frr"], limit=120, hint="journalctl -u frr says why").lines
    return {"log": log}


def flood(machine: Machine, arguments: Value) -> Value:
    """See that head-end replication lists are whole: ``{"ports": {device: [addresses]}}`` -> ``{"restored": {device: [...]}}``.

    FRR deletes a static all-zero FDB entry together with the type-3 route for the same VTEP (RFC 7432 section 7.3).
    Every device is looked at before a failure is reported.
    """
    ports = arguments.get("ports")
    if not isinstance(ports, dict):
        raise Refused("argument 'ports' is missing or of the wrong type")
    wanted = {_interface(port): [_address(item) for item in _list(ports, port, str)] for port in sorted(ports)}
    restored: Dict[str, List[str]] = {}
    failures = []
    with _locked(machine):
        for port, addresses in wanted.items():
            try:
                missing = _missing_flood_entries(machine, port, addresses)
                if missing:
                    restored[port] = missing
            except Refused as refused:
                failures.append(refused.error)
    if failures:
        raise Refused("; ".join(failures))
    return {"restored": restored}


def finish(machine: Machine, arguments: Value) -> Value:
    """Everything after the last commit went well: ``{}`` -> ``{}``; the record's mark ``unfinished`` goes."""
    del arguments
    with _locked(machine):
        record = _record(machine)
        if record["unfinished"]:
            record["unfinished"] = False
            _write_whole(machine, RECORD, _json_bytes(record))
    return {}


def put(machine: Machine, arguments: Value) -> Value:
    """Write one of our own files in the cluster file system: ``{"path": "/etc/pve/sdn/pvesdn…", "text"}`` -> ``{}``."""
    path, data = _text(arguments, "path"), _encoded(_text(arguments, "text"))
    if not PUT_PATTERN.fullmatch(path):
        raise Refused(f"{path!r} is not for pvesdn to write")
    place = machine.place(path)
    _require_file(machine, path)
    temporary = f"{place}.tmp.{os.uname().nodename}.{os.getpid()}"
    _remove_drafts(machine, os.path.dirname(path))
    try:
        # No chmod, no chown: pmxcfs refuses both. It stores every write on disk by itself.
        with open(temporary, "wb") as file:
            file.write(data)
        machine.rename(temporary, place)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if not isinstance(error, OSError):
            raise
        read_only = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        hint = "the cluster file system is read-only without a quorum: pvecm status" if read_only else ""
        raise Refused(f"{path}: {error.strerror}", hint) from None
    return {}


VERBS: Dict[str, Callable[[Machine, Value], Value]] = {
    "read": read,
    "observe": observe,
    "stage": stage,
    "commit": commit,
    "discard": discard,
    "sysctl": sysctl,
    "frr": frr,
    "flood": flood,
    "finish": finish,
    "put": put,
}


# ---------------------------------------------------------------------------------------------------- words of a request


def _verb(name: str) -> Callable[[Machine, Value], Value]:
    if name not in VERBS:
        raise Refused(f"the node program knows no verb {name!r}")
    return VERBS[name]


def _list(arguments: Value, key: str, kind: type) -> List[Any]:
    value = arguments.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, kind) for item in value):
        raise Refused(f"argument {key!r} is of the wrong type")
    return value


def _text(arguments: Value, key: str) -> str:
    value = arguments.get(key)
    if not isinstance(value, str):
        raise Refused(f"argument {key!r} is missing or of the wrong type")
    return value


def _optional_text(arguments: Value, key: str) -> Optional[str]:
    return None if key in arguments and arguments[key] is None else _text(arguments, key)


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Refused("a text holds what is no character: half a surrogate pair") from None


def _checked_path(path: str) -> str:
    if not path.startswith("/") or path.startswith("//") or os.path.normpath(path) != path or not path.isprintable():
        raise Refused(f"{path!r} is no absolute, normalized path")
    return path


def _target(path: str) -> str:
    if path not in TARGETS:
        raise Refused(f"{path!r} is no file that pvesdn writes")
    return path


def _interface(name: str) -> str:
    if not INTERFACE.fullmatch(name):
        raise Refused(f"{name!r} is no name of an interface")
    return name


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise Refused(f"{text!r} is no IP address") from None


def _leaving(entry: Value) -> Tuple[str, str]:
    file = _text(entry, "file")
    if file not in INTERFACES:
        raise Refused(f"{file!r} is no interfaces file of pvesdn")
    return file, _interface(_text(entry, "interface"))


def _changes(arguments: Value) -> List[Change]:
    changes = []
    for entry in _list(arguments, "files", dict):
        text, expect = _optional_text(entry, "text"), _optional_text(entry, "expect")
        mode, owner = entry.get("mode", "0644"), entry.get("owner", "root:root")
        if not isinstance(mode, str) or not re.fullmatch(r"0[0-7]{3}", mode):
            raise Refused(f"{mode!r} is no mode of a file")
        if not isinstance(owner, str) or not re.fullmatch(r"[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*", owner):
            raise Refused(f"{owner!r} is no owner in the form user:group")
        data = None if text is None else _encoded(text)
        meaning = _optional_text(entry, "meaning") if "meaning" in entry else None
        changes.append(Change(_target(_text(entry, "path")), data, int(mode, 8), owner, expect, meaning))
    if len({change.path for change in changes}) != len(changes):
        raise Refused("a file is named twice")
    return changes


# --------------------------------------------------------------------------------------------------------------- reading


def _matches(machine: Machine, pattern: str) -> List[str]:
    folder, last = os.path.split(pattern)
    if not re.search(r"[*?\[]", pattern):
        return [pattern]
    if re.search(r"[*?\[]", folder):
        raise Refused(f"{pattern!r}: only the last component may have wildcards")
    try:
        names = sorted(os.listdir(machine.place(folder)))
    except (FileNotFoundError, NotADirectoryError):
        return []
    names = [name for name in names if fnmatch.fnmatchcase(name, last) and name[0] != "."]
    unnamed = next((name for name in names if not name.isprintable()), None)
    if unnamed is not None:
        raise Refused(f"{folder} has a file whose name is no printable text: {unnamed!a}", "give it another name")
    paths = [os.path.join(folder, name) for name in names]
    # A subfolder is no text; what is neither file nor folder is named by the error of `_text_of`.
    return [path for path in paths if not os.path.isdir(machine.place(path))]


def _text_of(machine: Machine, path: str) -> Optional[str]:
    place = machine.place(path)
    folder = os.path.join(os.path.realpath(os.path.dirname(place)), "")
    real = os.path.realpath(place)
    if not real.startswith(folder):
        raise _leads_out(path)
    try:
        # Without O_NONBLOCK a named pipe would keep us waiting for ever.
        descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with _named(path), open(descriptor, "rb") as file:
        # What was opened may be another file than the one that was looked at a moment ago.
        if not os.readlink(f"/proc/self/fd/{descriptor}").startswith(folder):
            raise _leads_out(path)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _no_file(path)
        # In pieces: the kernel refuses large buffers for what lies below /proc/sys (ENOMEM from 4 MiB on).
        data = b"".join(iter(lambda: file.read(PIECE) if file.tell() <= LARGEST_FILE else b"", b""))
    if len(data) > LARGEST_FILE:
        raise Refused(f"{path} is larger than {LARGEST_FILE >> 20} MiB", "is that the file it should be?")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"{path} is no UTF-8 text: byte {data[error.start]:#04x} in line {line}"
        raise Refused(what, "save it as UTF-8") from None


def _no_file(path: str) -> Refused:
    return Refused(f"{path} is no regular file")


def _require_file(machine: Machine, path: str) -> None:
    """Come back unless a device or a pipe stands where a file is about to be put; no folder is ever replaced by one."""
    place = machine.place(path)
    if os.path.exists(place) and not os.path.isfile(place) and not os.path.isdir(place):
        raise _no_file(path)


def _leads_out(path: str) -> Refused:
    return Refused(f"{path} is a symbolic link out of its folder", "put the file itself in its place")


def _digest(machine: Machine, path: str) -> Optional[str]:
    """SHA-256 of a file of our own, in hexadecimal; None when there is none, Refused for what is no file."""
    try:
        # Without O_NONBLOCK a named pipe would keep us waiting for ever, and a device may be endless.
        with open(os.open(machine.place(path), os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _no_file(path)
            found = hashlib.sha256()
            for piece in iter(lambda: file.read(PIECE), b""):
                found.update(piece)
            return found.hexdigest()
    except (FileNotFoundError, NotADirectoryError):
        return None


def _hostname(machine: Machine) -> str:
    name = _text_of(machine, "/etc/hostname") if machine.root else None
    return (name or os.uname().nodename).strip().split(".")[0]


def _ask(machine: Machine, name: str) -> Any:
    if name == "versions":
        return _versions(machine)
    if name == "sysctl":
        held = _record(machine).get("sysctl", {})
        values = {key: _before(machine, key, held) for key in SYSCTLS}
        return {key: value for key, value in values.items() if value is not None}
    if name == "modes":
        return dict(_modes(machine))
    if name not in IP_COMMANDS:
        raise Refused(f"{name!r} is nothing that a node can be asked")
    # A kernel booted with ipv6.disable=1 makes `ip -6` fail; it has neither routes nor rules.
    if "-6" in IP_COMMANDS[name] and not machine.root and not os.path.exists("/proc/sys/net/ipv6"):
        return []
    # A kernel built without policy routing refuses `ip rule`; it has no rules.
    return _json_of(machine, IP_COMMANDS[name], may_fail=name.startswith("ip-rule"))


def _json_of(machine: Machine, argv: List[str], *, may_fail: bool = False) -> Any:
    outcome = machine.run(argv, limit=30) if may_fail else machine.must(argv, limit=30)
    output = "" if outcome.status else outcome.output.strip()
    try:
        # Names of devices may hold control characters, which iproute2 prints as they are.
        return json.loads(output, strict=False) if output else []
    except (ValueError, RecursionError):
        raise Refused("{} printed no JSON".format(" ".join(argv)), "is iproute2 too old?") from None


def _modes(machine: Machine) -> Iterator[Tuple[str, str]]:
    """The interfaces files that people write, with their modes: whoever copies one keeps it as closed as it was."""
    for pattern in ("/etc/network/interfaces", "/etc/network/interfaces.d/*"):
        for path in _matches(machine, pattern):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                yield path, "{:04o}".format(stat.S_IMODE(os.stat(machine.place(path)).st_mode))


def _versions(machine: Machine) -> Dict[str, str]:
    versions = {"python3": platform.python_version(), "kernel": platform.release()}
    if machine.find("dpkg-query") is not None:
        form = "-f=${Package}\\t${Version}\\t${db:Status-Status}\\n"
        # Its exit status says only that one of the packages is absent, which is an answer too.
        for line in machine.run(["dpkg-query", "-W", form, *PACKAGES], limit=30).output.splitlines():
            package, version, status = (line + "\t\t").split("\t")[:3]
            if package in PACKAGES and version and status == "installed":
                versions[package] = version
    return versions


# --------------------------------------------------------------------------------------------------------------- staging


def _beside(machine: Machine, path: str, ending: str) -> str:
    """A dotfile beside the target: neither ifupdown2's nor sysctl's wildcards match it."""
    folder, name = os.path.split(machine.place(path))
    return os.path.join(folder, f".{name}.{ending}")


def _staged(machine: Machine, path: str) -> str:
    return _beside(machine, path, "pvesdn-new")


def _kept(machine: Machine, path: str) -> str:
    return _beside(machine, path, "pvesdn-old")


def _obstacles(machine: Machine, change: Change) -> List[str]:
    place = machine.place(change.path)
    if os.path.lexists(place) and not stat.S_ISREG(os.lstat(place).st_mode):
        return [f"{change.path} is no regular file; put a file in its place or remove it"]
    if _digest(machine, change.path) != change.expect:
        return [f"{change.path} has changed since it was read"]
    if change.data is None:
        return []
    if not os.path.isdir(os.path.dirname(place)):
        remedy = "; apt install frr frr-pythontools" if "/frr/" in change.path else ""
        return [f"{os.path.dirname(change.path)} does not exist{remedy}"]
    try:
        _ids(machine, change.owner)
    except Refused as refused:
        return [f"{change.path}: {refused.error}"]
    return []


def _clear_up(machine: Machine) -> None:
    """Take away what killed runs left beside files of ours. The caller holds the lock, and no commit is half-way."""
    _unstage(machine, [*TARGETS, RECORD])
    for path in (*TARGETS, RECORD):
        with contextlib.suppress(OSError):
            os.unlink(_kept(machine, path))
    _remove_drafts(machine, CLUSTER_FOLDER)


def _remove_drafts(machine: Machine, folder: str) -> None:
    """Take away what a killed `put` left. The cluster file system has no nameless files that would go by themselves."""
    place = machine.place(folder)
    with contextlib.suppress(OSError):
        for name in os.listdir(place):
            draft = DRAFT.fullmatch(name)
            if draft is None:
                continue
            with contextlib.suppress(OSError):
                here = draft.group("node") == os.uname().nodename
                is_dead = here and not os.path.exists("/proc/" + draft.group("process"))
                if is_dead or time.time() - os.stat(os.path.join(place, name)).st_mtime > DRAFT_LIFE:
                    os.unlink(os.path.join(place, name))


def _stage_one(machine: Machine, change: Change) -> None:
    if change.data is not None:
        ids = _ids(machine, change.owner)
        _write_new(_staged(machine, change.path), change.data, change.mode, ids)


def _write_new(place: str, data: bytes, mode: int, ids: Optional[Tuple[int, int]] = None) -> None:
    """Write a file that was not there, safely on disk before this returns."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with _named(place), open(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        if ids is not None:
            os.fchown(descriptor, *ids)
        os.fchmod(descriptor, mode)  # after chown, which drops mode bits
        os.fsync(descriptor)


@contextlib.contextmanager
def _named(place: str) -> Iterator[None]:
    """Errors of read(2), write(2), fsync(2) and close(2) name no file: they get the one they are about."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, place) from None


def _ids(machine: Machine, owner: str) -> Optional[Tuple[int, int]]:
    """User and group as numbers; None where owners are none of our business: a simulated node without users, or one of a user's."""
    user, group = owner.split(":")
    if not machine.root:
        try:
            return pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid
        except KeyError:
            raise Refused(f"there is no user and group {owner}") from None
    users, groups = _text_of(machine, "/etc/passwd"), _text_of(machine, "/etc/group")
    if users is None or groups is None:
        return None
    numbers = []
    for name, table in ((user, users), (group, groups)):
        found = re.search(rf"(?m)^{re.escape(name)}:[^:]*:(\d+):", table)
        if found is None:
            raise Refused(f"there is no user and group {owner}")
        numbers.append(int(found.group(1)))
    return (numbers[0], numbers[1]) if os.geteuid() == 0 else None


def _unstage(machine: Machine, paths: List[str]) -> None:
    for path in paths:
        # One that stays is in nobody's way: no wildcard matches it, and the next stage replaces it or says why not.
        with contextlib.suppress(OSError):
            os.unlink(_staged(machine, path))


def _frr_complaints(machine: Machine, changes: List[Change]) -> List[str]:
    """What vtysh says to the staged frr.conf; it needs no daemon for that and ends with 0 when the text is good."""
    if machine.find("vtysh") is None or not any(c.path == FRR_CONF and c.data is not None for c in changes):
        return []
    try:
        outcome = machine.run(["vtysh", "-C", "-f", _staged(machine, FRR_CONF)], limit=120)
    except Refused as refused:
        return [refused.error]
    if outcome.status == 0:
        return []
    lines = [line for line in outcome.lines if line.startswith("line ")] or outcome.lines
    return [f"{FRR_CONF}: {line}" for line in lines or [f"vtysh -C: exit status {outcome.status}"]]


# ------------------------------------------------------------------------------------------------------------ committing


class Busy(Refused):
    """Somebody else is changing this node."""


@contextlib.contextmanager
def _locked(machine: Machine) -> Iterator[None]:
    """Hold the node's lock, and take back what a killed commit left; Busy when another process holds it."""
    place = machine.place(LOCK)
    try:
        os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
        descriptor = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Refused(f"{LOCK}: {error.strerror}", "pvesdn must be root on a node that it changes") from None
    with open(descriptor, "rb"):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(
                f"another pvesdn is at work on this node: {LOCK} is held", "wait for its end and try again"
            ) from None
        _recover(machine)
        yield


def _staging_faults(machine: Machine, change: Change) -> List[str]:
    if change.data is None:
        return []
    try:
        with open(_staged(machine, change.path), "rb") as file:
            if file.read() == change.data:
                return []
    except FileNotFoundError:
        pass
    return [f"{change.path} is not staged as it should be"]


def _take_down(machine: Machine, file: str, interface: str) -> str:
    outcome = machine.run(["ifdown", "-i", machine.place(file), interface], limit=60)
    if outcome.status == 0:
        return f"took down {interface}"
    if machine.run(["ip", "link", "show", "dev", interface], limit=20).status:
        return f"{interface} does not exist: nothing to take down"
    raise Refused("nothing was written: {}".format(_failure(["ifdown", interface], outcome)))


def _delete_link(machine: Machine, link: str) -> str:
    outcome = machine.run(["ip", "link", "del", link], limit=20)
    if outcome.status == 0:
        return f"deleted {link}, to be made anew"
    if any("Cannot find device" in line for line in outcome.lines):
        return f"{link} does not exist: nothing to delete"
    raise Refused("nothing was written: {}".format(_failure(["ip", "link", "del", link], outcome)))


def _bring_back(machine: Machine, commands: List[List[str]]) -> None:
    """Best effort: the failure that made it necessary is the one to report."""
    for argv in commands:
        with contextlib.suppress(Refused, OSError):
            machine.run(argv, limit=60)


def _swap(machine: Machine, changes: List[Change]) -> None:
    """Put all staged files and the record of their digests in place, or none."""
    record = _record(machine)
    meanings = dict(record.pop("meanings", {}))
    for change in changes:
        record["files"].pop(change.path, None)
        meanings.pop(change.path, None)
        if change.data is not None:
            record["files"][change.path] = hashlib.sha256(change.data).hexdigest()
            if change.meaning is not None:
                meanings[change.path] = change.meaning
    if meanings:
        record["meanings"] = meanings
    record["unfinished"] = True
    last = Change(RECORD, _json_bytes(record), 0o600, "", _digest(machine, RECORD))
    _write_new(_staged(machine, RECORD), last.data or b"", last.mode)
    steps = [*changes, last]
    journal = [{"path": step.path, "existed": step.expect is not None, "digest": _sha256(step.data)} for step in steps]
    with _undisturbed():
        _write_whole(machine, JOURNAL, _json_bytes({"steps": journal}))
        try:
            for step in steps:
                _swap_one(machine, step)
            _sync_folders(machine, [step.path for step in steps])
        except BaseException:
            _recover(machine)
            raise
        _forget_journal(machine, [step.path for step in steps])


def _swap_one(machine: Machine, step: Change) -> None:
    place, kept = machine.place(step.path), _kept(machine, step.path)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(kept)
    if step.expect is not None:
        os.link(place, kept)
    if step.data is not None:
        machine.rename(_staged(machine, step.path), place)
    elif step.expect is not None:
        os.unlink(place)


def _recover(machine: Machine) -> None:
    """Take back the swap that the journal tells of; nothing when there is no journal. The caller holds the lock."""
    text = _text_of(machine, JOURNAL)
    if text is None:
        return
    try:
        steps = [{key: step[key] for key in ("path", "existed", "digest")} for step in json.loads(text)["steps"]]
    except (ValueError, KeyError, TypeError):
        hint = "compare the files with the .pvesdn-old ones beside them, then move it away"
        raise Refused(f"{JOURNAL}, which tells how to take a killed commit back, is damaged", hint) from None
    for step in reversed(steps):
        path = step["path"]
        # What somebody has edited since is theirs.
        if _digest(machine, path) != step["digest"]:
            continue
        if step["existed"] and os.path.exists(_kept(machine, path)):
            os.replace(_kept(machine, path), machine.place(path))
        elif not step["existed"] and step["digest"] is not None and not os.path.exists(_staged(machine, path)):
            os.unlink(machine.place(path))
    _unstage(machine, [step["path"] for step in steps])
    _sync_folders(machine, [step["path"] for step in steps])
    record = _record(machine)
    if record["files"]:
        # The live network may have seen the files that went: the next apply must reload.
        _write_whole(machine, RECORD, _json_bytes(dict(record, unfinished=True)))
    _forget_journal(machine, [step["path"] for step in steps])


def _forget_journal(machine: Machine, paths: List[str]) -> None:
    os.unlink(machine.place(JOURNAL))
    _sync_folders(machine, [JOURNAL])
    for path in paths:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(_kept(machine, path))


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Let signals wait while files are renamed: milliseconds, and the connection may drop meanwhile."""
    signals = {signal.SIGHUP, signal.SIGINT, signal.SIGTERM}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _write_whole(machine: Machine, path: str, data: bytes) -> None:
    """Write a file of our own state, whole or not at all."""
    _require_file(machine, path)
    temporary = _beside(machine, path, "pvesdn-tmp")
    _write_new(temporary, data, 0o600)
    os.replace(temporary, machine.place(path))
    _sync_folders(machine, [path])


def _sync_folders(machine: Machine, paths: List[str]) -> None:
    for folder in sorted({os.path.dirname(machine.place(path)) for path in paths}):
        if os.path.isdir(folder):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                with _named(folder):
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _record(machine: Machine) -> Value:
    """What we wrote last: ``{"format": 1, "files": {path: sha256}, "unfinished": bool}``.

    Where a file came with its meaning also ``"meanings": {path: sha256}``; once kernel settings were loaded also
    ``"sysctl": {name: {"before": value or null, "ours": value}}``.
    """
    text = _text_of(machine, RECORD)
    if text is None:
        return {"format": 1, "files": {}, "unfinished": False}
    try:
        record = json.loads(text)
        good = record["format"] == 1 and isinstance(record["files"], dict) and isinstance(record["unfinished"], bool)
        good = good and isinstance(record.get("meanings", {}), dict)
        good = good and all({"before", "ours"} == set(held) for held in record.get("sysctl", {}).values())
    except (ValueError, KeyError, TypeError, AttributeError):
        good = False
    if not good:
        raise Refused(f"{RECORD} is not what this version writes", "move it away: the next plan shows what differs")
    return dict(record)


def _json_bytes(value: Value) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode("ascii")


def _sha256(data: Optional[bytes]) -> Optional[str]:
    return None if data is None else hashlib.sha256(data).hexdigest()


# ------------------------------------------------------------------------------------------------------- kernel settings


def _settings(text: str) -> Dict[str, str]:
    """Names and values of a file in the form of sysctl.d(5)."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.lstrip("-").partition("=") for line in lines if "=" in line and line[0] not in "#;"]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _live(machine: Machine, name: str) -> Optional[str]:
    """A setting's value in the kernel, None when it has no such setting."""
    # Names are written with dots, or with slashes where a component has dots of its own, such as eno2.100.
    path = name if "/" in name else name.replace(".", "/")
    value = _text_of(machine, _checked_path("/proc/sys/" + path))
    return None if value is None else value.strip()


def _before(machine: Machine, name: str, held: Value) -> Optional[str]:
    """What a setting would be without us: its live value, or the one before ours where ours is still there."""
    live = _live(machine, name)
    return held[name]["before"] if name in held and held[name]["ours"] == live else live


def _remember_settings(machine: Machine, settings: Value) -> None:
    record = _record(machine)
    if record.get("sysctl", {}) != settings:
        _write_whole(machine, RECORD, _json_bytes(dict(record, sysctl=settings)))


# -------------------------------------------------------------------------------------------------------- FRR and bridge


def _failure(argv: List[str], outcome: Outcome) -> str:
    last = ": " + " / ".join(outcome.lines[-3:]) if outcome.lines else ""
    return "{} ended with status {}{}".format(" ".join(argv), outcome.status, last)


def _enable_frr(machine: Machine) -> List[str]:
    if machine.find("systemctl") is None or machine.run(["systemctl", "is-enabled", "frr"], limit=30).status == 0:
        return []
    machine.must(["systemctl", "enable", "frr"], limit=60, hint="systemctl status frr says why")
    return ["FRR was not enabled at boot: enabled"]


def _reload_frr(machine: Machine) -> Tuple[str, List[str]]:
    """Why FRR must be restarted instead, empty when it has reloaded, and what frr-reload.py printed."""
    if machine.find("systemctl") is not None:
        if machine.run(["systemctl", "is-active", "frr"], limit=30).status:
            return "FRR was not running", []
    if machine.find(FRR_RELOAD) is None:
        return f"{FRR_RELOAD} is absent (apt install frr-pythontools)", []
    argv = [FRR_RELOAD, "--reload", machine.place(FRR_CONF)]
    outcome = machine.run(argv, limit=300)
    if outcome.status == 0:
        return "", outcome.lines
    if any(words in line for line in outcome.lines for words in FRR_IS_DOWN):
        return "a daemon of FRR was not running", outcome.lines
    hint = "look into /var/log/frr/frr-reload.log; `systemctl restart frr` takes the file as a whole but interrupts traffic"
    raise Refused(_failure(argv, outcome), hint)


def _missing_flood_entries(machine: Machine, port: str, addresses: List[str]) -> List[str]:
    entries = _json_of(machine, ["bridge", "-j", "fdb", "show", "dev", port])
    there = {entry.get("dst") for entry in entries if entry.get("mac") == ALL_ZERO_MAC}
    missing = [address for address in addresses if address not in there]
    for address in missing:
        machine.must(["bridge", "fdb", "append", ALL_ZERO_MAC, "dev", port, "dst", address], limit=20)
    return missing


# ------------------------------------------------------------------------------------------------------------ the dialogue


def answer(machine: Machine, request: bytes) -> Value:
    """Do what a request says. Every failure is an answer too; nothing is raised but what ends the process."""
    try:
        document = json.loads(request.decode("utf-8"))
        return {"ok": True, "value": _verb(document["verb"])(machine, document["arguments"])}
    except Refused as refused:
        return {"ok": False, "error": refused.error, "hint": refused.hint}
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return {"ok": False, "error": f"{where}{error.strerror or error}", "hint": ""}
    except Exception as error:
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        line = place.tb_lineno if place is not None else 0
        text = f"the node program failed: {type(error).__name__} in line {line}"
        return {"ok": False, "error": text, "hint": "this is a fault of pvesdn's: please report it"}


def main() -> None:
    """Read one request from standard input, answer on standard output."""
    # A dropped connection must not end us between two steps: what was begun is finished, or taken back.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    result = answer(Machine(os.environ.get("PVESDN_ROOT", "")), sys.stdin.buffer.read())
    sys.stdout.write(f"\n{MARKER}\n{json.dumps(result, separators=(',', ':'))}\n")


if __name__ == "__main__":
    main()
