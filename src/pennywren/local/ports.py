"""Ports to listen on: free ones, and those that a person names."""

import errno
import socket

from pennywren.errors import BadSetting, Conflict


def free_port(host: str = "127.0.0.1", preferred: int = 0) -> int:
    """A port that nothing listens on now: the preferred one, where it is free. Nobody keeps it for us: use it soon."""
    try:
        return _bind(host, preferred)[1]
    except OSError:
        return _bind(host, 0)[1]


def require_bindable(host: str, port: int) -> str:
    """The IP that `host` means, if we can listen there now; port 0 is any.

    Raises:
        BadSetting: `host` is no address of this machine, or the port is not for us.
        Conflict: something listens on the port.
    """
    try:
        return _bind(host, port)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise BadSetting(_no_address(host)) from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise Conflict(
                f"something else listens on port {port} of {host}: end it, or give another PENNYWREN_HTTP_PORT"
            ) from error
        if error.errno == errno.EACCES:
            raise BadSetting(f"PENNYWREN_HTTP_PORT: this user may not listen on port {port}: try 8080") from error
        raise BadSetting(_no_address(host)) from error


def _no_address(host: str) -> str:
    return (
        f"PENNYWREN_HTTP_HOST: {host!r} is no address of this machine: "
        "127.0.0.1 is for this machine alone, 0.0.0.0 for every network it is in"
    )


def _bind(host: str, port: int) -> tuple[str, int]:
    """Listen for a moment; the IP and the port."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        if port:
            # Connections that ended a moment ago keep nobody from listening.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)
        bound = probe.getsockname()
        return str(bound[0]), int(bound[1])
