"""What systemd is told: sd_notify(3), which is one datagram."""

from __future__ import annotations

import os


class Notifier:
    """Tells systemd how the service is; without systemd it tells nobody."""

    def __init__(self, environ: dict[str, str]) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        """Taken out of the environment: what we start is not to speak for us."""
        environ.pop("WATCHDOG_PID", None)
        environ.pop("WATCHDOG_USEC", None)
        self._said = ""

    def alive(self) -> None:
        """For the watchdog."""
        self._send("WATCHDOG=1")

    def ready(self) -> None:
        """The service is up."""
        self._send("READY=1")

    def stopping(self) -> None:
        """It was told to end."""
        self._send("STOPPING=1")

    def status(self, text: str) -> bool:
        """A line for `systemctl status`; whether it is another one than before."""
        if text == self._said:
            return False
        self._said = text
        self._send(f"STATUS={text}")
        return True

    def _send(self, text: str) -> None:
        if not self._address:
            return
        import socket  # noqa: PLC0415 - only below systemd

        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
                line.settimeout(1)
                line.sendto(text.encode("utf-8", "replace"), name)
        except OSError:
            return  # systemd is being restarted; the next tick tells it again


def environment() -> dict[str, str]:
    """The process's own, as a copy."""
    return dict(os.environ)
