"""Ports: what is taken is refused with a sentence, and what was ours is ours again if it is free."""

import socket
from collections.abc import Iterator

import pytest

from pennywren.errors import BadSetting, Conflict
from pennywren.local.ports import free_port, require_bindable


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_port_that_is_taken_is_refused(taken: int) -> None:
    with pytest.raises(Conflict, match=rf"port {taken} .*PENNYWREN_HTTP_PORT"):
        require_bindable("127.0.0.1", taken)


def test_a_name_is_turned_into_the_address_to_listen_on() -> None:
    assert require_bindable("127.0.0.1", free_port()) == "127.0.0.1"
    assert require_bindable("localhost", 0) in ("127.0.0.1", "::1")


# The last of these is of a network that is for documentation only.
@pytest.mark.parametrize("host", ["nobody.invalid", "a..b", "192.0.2.1"])
def test_what_is_no_address_of_this_machine_is_named(host: str) -> None:
    with pytest.raises(BadSetting, match="PENNYWREN_HTTP_HOST"):
        require_bindable(host, 0)


def test_the_preferred_port_is_taken_again_only_if_it_is_free(taken: int) -> None:
    ours = free_port()
    assert free_port(preferred=ours) == ours
    assert free_port(preferred=taken) != taken
