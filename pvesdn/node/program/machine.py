"""The node below a folder: where its files lie, its commands with their limits, and how anything is refused."""

import contextlib
import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    import subprocess

LARGEST_OUTPUT = 32 * 1024 * 1024
"""Bytes that a command may print; `ip -j -d` has about 1.5 kB for a device."""
PIECE = 64 * 1024
"""Bytes of one read."""


class Refused(Exception):
    """What the program refuses or cannot do: what, where, and what to do next."""

    def __init__(self, error: str, hint: str = "") -> None:
        super().__init__(error)
        self.error = error
        self.hint = hint


class TooLate(Refused):
    """A command that had not ended when its time was up."""


class CommandResult(NamedTuple):
    """How a command ended; `lines` are its standard output and error together, without empty ones."""

    status: int
    output: str
    lines: List[str]


def ended(status: int, output: str, complaints: str = "") -> CommandResult:
    """The result of a command that printed `output`, and `complaints` on standard error."""
    lines = [line.rstrip() for line in (output + "\n" + complaints).splitlines() if line.strip()]
    return CommandResult(status, output, lines)


class Machine:
    """The node below `root`; the real one when `root` is empty.

    :param source: the text of this program, as it was sent; empty where nobody has it.
    """

    vnis: Optional[List[Dict[str, Any]]] = None
    """What zebra has said of each VNI in the `observe` that is under way; None before it was asked."""
    shown: Optional[Dict[str, CommandResult]] = None
    """What vtysh has said in it to commands that were asked together; None before that."""

    def __init__(self, root: str = "", source: bytes = b"") -> None:
        self.root = root.rstrip("/")
        self.source = source

    def place(self, path: str) -> str:
        """Where the node's absolute `path` really is."""
        return self.root + path

    def find(self, name: str) -> Optional[str]:
        """The executable for a command's name or absolute path, None when the node has no such command."""
        if self.root:
            found = os.path.join(self.root, "bin", os.path.basename(name))
            return found if os.access(found, os.X_OK) else None
        # As shutil.which does, which takes longer to import than most verbs take. An absolute name stays as it is.
        places = (os.path.join(folder, name) for folder in self._search_path().split(":"))
        return next((place for place in places if os.path.isfile(place) and os.access(place, os.X_OK)), None)

    def run(self, argv: List[str], limit: float) -> CommandResult:
        """Run a command to its end: at most `limit` seconds and `LARGEST_OUTPUT` bytes, else Refused, as absent
        commands are.
        """
        import subprocess  # not every verb runs commands

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
                # The whole session: a grandchild would continue.
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        return ended(process.returncode, output.decode("utf-8", "replace"), errors.decode("utf-8", "replace"))

    def must(self, argv: List[str], limit: float, hint: str = "") -> CommandResult:
        """Like `run`, but any exit status other than 0 is Refused."""
        outcome = self.run(argv, limit)
        if outcome.status:
            raise Refused(failure(argv, outcome), hint)
        return outcome

    def rename(self, source: str, target: str) -> None:
        """Rename within a folder; `source` and `target` are real places."""
        os.replace(source, target)

    def make_folder(self, place: str) -> None:
        """Make a folder in the cluster file system, which refuses one that is there."""
        os.mkdir(place, 0o700)

    def set_time(self, place: str, seconds: int) -> None:
        """Set the time of a folder in the cluster file system, in seconds of the Unix epoch."""
        os.utime(place, (seconds, seconds))

    def remove_folder(self, place: str) -> None:
        """Remove an empty folder from the cluster file system."""
        os.rmdir(place)

    def remove_file(self, place: str) -> None:
        """Remove a file from the cluster file system."""
        os.unlink(place)

    def _search_path(self) -> str:
        own = [os.path.join(self.root, "bin")] if self.root else []
        # An empty element would be the current folder.
        given = [folder for folder in os.environ.get("PATH", "").split(":") if folder]
        return ":".join([*own, *given, "/usr/sbin", "/usr/bin", "/sbin", "/bin"])


def told(error: OSError, nameless: str = "") -> str:
    """What the system says, behind the file that it is about. :param nameless: what to call it where none is named."""
    where = error.filename or nameless
    return f"{where}: {error.strerror or error}" if where else f"{error.strerror or error}"


def failure(argv: List[str], outcome: CommandResult) -> str:
    """What is said of a command that failed: its status and its last words."""
    last = ": " + " / ".join(outcome.lines[-3:]) if outcome.lines else ""
    return "{} ended with status {}{}".format(" ".join(argv), outcome.status, last)


def json_of(machine: Machine, argv: List[str], *, nothing_for: Tuple[str, ...] = ()) -> Any:
    """What one of iproute2's commands prints; an empty list for nothing.

    :param nothing_for: complaints by which it says that the kernel has nothing of the kind. Any other failure is
        Refused: what could not be asked is not known, which is something else than none.
    """
    outcome = machine.run(argv, limit=30)
    has_nothing = any(words in line for line in outcome.lines for words in nothing_for)
    if outcome.status and not has_nothing:
        raise Refused(failure(argv, outcome))
    output = "" if outcome.status else outcome.output.strip()
    try:
        # Names of devices may hold control characters, which iproute2 prints as they are.
        return json.loads(output, strict=False) if output else []
    except (ValueError, RecursionError):
        raise Refused("{} printed no JSON".format(" ".join(argv)), "is iproute2 too old?") from None


def devices_shown(machine: Machine) -> Any:
    """Every device with all that `ip link` says, and its addresses: a thousand VNets are two thousand devices, and to
    ask for them twice would be most of the work.
    """
    return json_of(machine, ["ip", "-j", "-d", "address"])


def lacks_ipv6(machine: Machine) -> bool:
    """Whether the kernel was booted with ipv6.disable=1, with which `ip -6` fails: there is nothing to show."""
    return not machine.root and not os.path.exists("/proc/sys/net/ipv6")


def rows_shown(machine: Machine, argv: List[str], *, nothing_for: Tuple[str, ...] = ()) -> List[Dict[str, Any]]:
    """The same as objects in a list, which is what iproute2 prints of whatever it has; Refused for anything else."""
    answer = json_of(machine, argv, nothing_for=nothing_for)
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise Refused("{} printed no list of objects".format(" ".join(argv)), "is iproute2 too old?")
    return answer


def is_there(machine: Machine, device: str) -> bool:
    """Whether the node has a device. The list of all is asked: to the name of one, `ip` says the same in each case."""
    return any(row.get("ifname") == device for row in rows_shown(machine, ["ip", "-j", "link"]))


def rows_of(answer: Any) -> List[Dict[str, Any]]:
    """The objects in a list that a command has printed as JSON; none where it is anything else."""
    return [row for row in (answer if isinstance(answer, list) else []) if isinstance(row, dict)]


def links_by_name(machine: Machine) -> Dict[str, Dict[str, Any]]:
    """The devices as `ip -d link` shows them."""
    return {str(row.get("ifname")): row for row in rows_shown(machine, ["ip", "-j", "-d", "link"])}


def _printed(process: "subprocess.Popen[bytes]", argv: List[str], limit: float) -> Tuple[bytes, bytes]:
    """What a command prints until its end on standard output and error."""
    import selectors
    import subprocess

    too_late = TooLate("{} did not finish within {:g} s".format(" ".join(argv), limit))
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
