"""`api`: the HTTP server."""

import logging
import multiprocessing
import os
import resource
import sys
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from importlib import import_module
from multiprocessing.synchronize import Event
from threading import Timer
from typing import Any, Final

import click
from granian.constants import Interfaces, Loops
from granian.log import LOGGING_CONFIG, LogLevels
from granian.server.mp import MPServer

from pennywren.cli.parts import required
from pennywren.local.children import die_with_parent
from pennywren.local.collecting import settle
from pennywren.local.ports import require_bindable
from pennywren.logs import log_to_stderr
from pennywren.settings import load_settings

_APP: Final = "pennywren.web.app:create_app"
_CONNECTIONS: Final = 65_536
"""Open at once: each open product page holds one. How many requests are let in, `web/serving/shedding.py` says."""
_GRACE_SECONDS: Final = 2
"""How long an answer that is being written may still take when we are told to end."""


def load_app(parent: int, level: int, draining: Event, target: str) -> Callable[..., Any]:
    """Make the app, in the process that serves it, which logs from `level` on and ends with `parent`."""
    die_with_parent(parent)
    log_to_stderr("json" if load_settings().log_format == "json" else "text", level)
    module, _, factory = target.partition(":")
    app: Callable[..., Any] = getattr(import_module(module), factory)(is_ending=draining.is_set)
    settle()
    return app


class DrainingServer(MPServer):
    """Told to end, it goes on answering while `/readyz` says 503, until proxies have looked elsewhere.

    A listening socket that is closed resets whoever has connected and was not accepted: nobody may come any more.
    """

    drain_s: float = 0
    draining: Event

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        """End after the drain; told twice, at once."""
        if not self.drain_s or self.draining.is_set():
            super().signal_handler_interrupt(*args, **kwargs)
            return
        self.draining.set()
        end = Timer(self.drain_s, self.signal_handler_interrupt)
        end.daemon = True
        end.start()


def _allow_files() -> None:
    """As many open files as the system allows: many start programs with 1,024, and each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, _CONNECTIONS)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _to_stderr(style: str) -> dict[str, Any]:
    """The server's own log settings, away from standard output, which is for events."""
    config: dict[str, Any] = deepcopy(LOGGING_CONFIG)
    for name in config["handlers"]:
        config["handlers"][name]["stream"] = "ext://sys.stderr"
    if style == "json":
        for name in config["formatters"]:
            config["formatters"][name] = {"()": "pennywren.logs.JsonLines"}
    return config


@click.command()
@click.option("--host", help="Address to listen on, instead of PENNYWREN_HTTP_HOST.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of PENNYWREN_HTTP_PORT.")
def api(host: str | None, port: int | None) -> None:
    """Answer HTTP: the API and the website.

    \b
    Example:
      PENNYWREN_HTTP_PORT=8080 pennywren api
    """
    settings = load_settings()
    for name in ("redis_url", "queue_url", "postgres_url"):
        required(settings, name)
    port = port or settings.http_port
    if not port:
        raise click.UsageError("no port to listen on: set PENNYWREN_HTTP_PORT or give --port")
    server = DrainingServer(
        _APP,
        address=require_bindable(host or settings.http_host, port),
        port=port,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        websockets=False,
        log_level=LogLevels.warning,
        log_dictconfig=_to_stderr(settings.log_format),
        workers_kill_timeout=_GRACE_SECONDS,
        backpressure=_CONNECTIONS,
    )
    _allow_files()
    # As the server starts its processes: an event of one context cannot go to those of another.
    forks = multiprocessing.get_start_method() == "fork"
    server.draining = multiprocessing.get_context("fork" if forks else "spawn").Event()
    server.drain_s = settings.drain
    server.serve(target_loader=partial(load_app, os.getpid(), logging.getLogger().level, server.draining))
    sys.exit(0)
