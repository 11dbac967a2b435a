"""pvesh in place of HTTPS: the API as root@pam on a node of the cluster."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.decode import api_answers
from pvesdn.model.api_settings import ApiSettings
from pvesdn.model.primitives import Json
from pvesdn.model.secret_variables import SECRET_VARIABLES


@dataclass(frozen=True, slots=True)
class PveshAnswer:
    """What pvesh printed, dressed up as an HTTP answer."""

    status_code: int
    reason: str
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


class PveshSession:
    """Runs pvesh, which asks the API as root@pam without a network.

    Differs from proxmoxer's own in what counts: a call is judged by its exit status and not by its standard error, a
    UPID in the output means that the task was started whatever else was said, and a reload, which pvesh runs in the
    foreground, has time of its own and is never killed half-way.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings

    def request(
        self, method: str, url: str, data: Mapping[str, str] | None, params: Mapping[str, str] | None
    ) -> PveshAnswer:
        """Run one call as proxmoxer asks for it."""
        verb = {"GET": "get", "PUT": "set"}[method]
        options = [word for key, value in {**(data or {}), **(params or {})}.items() for word in (f"--{key}", value)]
        argv = ["pvesh", verb, url, *options, "--output-format", "json"]
        status, output, complaint = self._run(argv, is_task=method == "PUT")
        if method == "PUT" and "UPID:" in output + complaint:
            return PveshAnswer(200, "", _enveloped(f"{complaint}\n{output}"))
        if status != 0:
            code, text = api_answers.pvesh_refusal(complaint or output)
            if "ipcc_send_rec" in complaint:
                raise ConnectionRefusedError(text)
            return PveshAnswer(code, text, b"{}")
        return PveshAnswer(200, "", _enveloped(api_answers.pvesh_value(output)))

    def _run(self, argv: list[str], *, is_task: bool) -> tuple[int, str, str]:
        settings = self._settings
        limit = settings.task_timeout if is_task else settings.timeout
        # Files instead of pipes: what is left running must not die of a broken pipe in the middle of a reload.
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaint:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=complaint,
                env={name: os.environ[name] for name in os.environ if name not in SECRET_VARIABLES} | {"LC_ALL": "C"},
                start_new_session=True,  # an interrupt from the keyboard is ours, not the reload's
            )
            try:
                status = process.wait(limit)
            except BaseException:
                _leave_or_kill(process, is_task=is_task)
                raise
            texts = []
            for file in (output, complaint):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "replace"))
        return status, texts[0], texts[1]


def _leave_or_kill(process: subprocess.Popen[bytes], *, is_task: bool) -> None:
    if is_task:
        threading.Thread(target=process.wait, daemon=True).start()  # somebody must take note of its end
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _enveloped(data: Json) -> bytes:
    return json.dumps({"data": data}).encode()
