"""Which certificates are trusted."""

from __future__ import annotations

import ssl
from pathlib import Path

from pvesdn.errors import SettingsError
from pvesdn.model.api_settings import ApiSettings


def trust(settings: ApiSettings) -> ssl.SSLContext:
    """What to trust: only a named authority, or the system's and, on a node, the cluster's own."""
    context = ssl.create_default_context(cafile=_readable(settings.ca_file))
    if settings.fingerprint is not None or not settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if settings.ca_file is None and Path(settings.node_ca_file).is_file():
        context.load_verify_locations(cafile=_readable(settings.node_ca_file))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if settings.ca_file is not None:
        # PVE's own authority has no keyUsage extension, which RFC 5280 wants and Python 3.13 insists on.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _readable(ca_file: str | None) -> str | None:
    """`ca_file`, once it is known to hold a certificate."""
    if ca_file is None:
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca_file)
    except ssl.SSLError as error:
        raise SettingsError(f"ca_file {ca_file}: no certificate in PEM form", hint="name a PEM file") from error
    except OSError as error:
        raise SettingsError(f"ca_file {ca_file}: {error.strerror}", hint="name a file that can be read") from error
    return ca_file
