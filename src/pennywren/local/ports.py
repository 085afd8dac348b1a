"""Free ports of the loopback interface."""

import socket


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nothing listens on now. Nobody keeps it for us: start what uses it soon."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
