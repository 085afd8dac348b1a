"""Signatures of webhooks and return addresses, and what only a browser can read."""

import hmac
from base64 import b64decode, b64encode, urlsafe_b64encode
from hashlib import sha256

import http_ece
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from py_vapid import Vapid02

from pennywren.errors import BadInput
from pennywren.notify.channels.push.channel import check_endpoint, notification
from pennywren.notify.channels.push.encrypting import Vapid, encrypted, read_keys
from pennywren.notify.channels.webhook.signing import derive_secret, sign, verify
from pennywren.notify.return_path import read_return_address, return_address
from tests.unit.notify.test_mail import MESSAGE, about

KEY = b"k" * 32
HOSTS = ("fcm.googleapis.com", "*.push.apple.com", "http://127.0.0.1:9000")


def test_a_signature_is_that_of_standard_webhooks() -> None:
    secret = "whsec_" + b64encode(b"secret").decode()
    wanted = b64encode(hmac.digest(b"secret", b'alert-7.1764067200.{"a":1}', sha256)).decode()
    assert sign([secret], "alert-7", 1_764_067_200, b'{"a":1}') == f"v1,{wanted}"


def test_while_a_key_is_replaced_both_verify() -> None:
    old, new = derive_secret(KEY, 5, 1), derive_secret(KEY, 5, 2)
    header = sign([new, old], "alert-7", 10, b"x")
    assert old != new
    assert verify(old, "alert-7", 10, b"x", header)
    assert verify(new, "alert-7", 10, b"x", header)
    assert not verify(derive_secret(KEY, 6, 1), "alert-7", 10, b"x", header)


@pytest.mark.parametrize(
    ("key", "seconds", "body"), [("alert-8", 10, b"x"), ("alert-7", 11, b"x"), ("alert-7", 10, b"y")]
)
def test_what_was_changed_does_not_verify(key: str, seconds: int, body: bytes) -> None:
    secret = derive_secret(KEY, 5, 1)
    assert not verify(secret, key, seconds, body, sign([secret], "alert-7", 10, b"x"))


def test_a_secret_has_256_bits() -> None:
    assert len(b64decode(derive_secret(KEY, 5, 1).removeprefix("whsec_"))) == 32


def test_a_return_address_says_which_mail_came_back() -> None:
    address = return_address(KEY, "alert-7", "bounces.example.org")
    assert read_return_address(KEY, address) == "alert-7"
    assert read_return_address(KEY, f"<{address.upper()}>") == "alert-7"
    assert len(address.partition("@")[0]) <= 64
    assert read_return_address(b"other", address) is None


@given(st.text(max_size=60))
def test_nobody_else_makes_our_mails_bounce(text: str) -> None:
    assert read_return_address(KEY, f"bounces+{text}@example.org") is None
    assert read_return_address(KEY, text) is None


def browser() -> tuple[ec.EllipticCurvePrivateKey, str, str]:
    """A browser's key, and what its subscription shows of it."""
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return private, urlsafe_b64encode(point).rstrip(b"=").decode(), urlsafe_b64encode(b"a" * 16).rstrip(b"=").decode()


def test_only_the_browser_reads_a_notification() -> None:
    private, p256dh, auth = browser()
    sealed = encrypted(notification(MESSAGE), p256dh, auth)
    assert b"12.99" not in sealed
    shown = msgspec.json.decode(http_ece.decrypt(sealed, private_key=private, auth_secret=b"a" * 16))
    assert shown["title"] == "Größe <b>M</b> & more"
    assert shown["body"].startswith("€12.99 (was €15.99). ")
    assert shown["tag"] == "alert-7"
    assert shown["url"].endswith("/products/de:B08N5WRWNW")


def test_the_longest_notification_fits_into_what_push_services_take() -> None:
    _, p256dh, auth = browser()
    assert len(encrypted(notification(about(title="\U0001f600" * 300)), p256dh, auth)) < 4096


def test_a_push_service_can_verify_who_we_are() -> None:
    vapid = Vapid(KEY, "mailto:alerts@example.org")
    header = vapid.authorization("https://fcm.googleapis.com/fcm/send/x", 1_764_067_200_000)
    assert Vapid02.verify(header)
    assert vapid.public_key in header
    assert Vapid(KEY, "mailto:alerts@example.org").public_key == vapid.public_key


@pytest.mark.parametrize(
    "endpoint", ["https://fcm.googleapis.com/fcm/send/x", "https://web.push.apple.com/x", "http://127.0.0.1:9000/x"]
)
def test_a_push_service_that_is_named_may_be_sent_to(endpoint: str) -> None:
    check_endpoint(endpoint, HOSTS)


@pytest.mark.parametrize(
    "endpoint",
    ["https://example.com/x", "http://fcm.googleapis.com/x", "https://fcm.googleapis.com:8443/x",
     "https://fcm.googleapis.com.evil.example/x", "https://push.apple.com.evil/x", "https://push.apple.com/x",
     "http://127.0.0.1:9001/x", "https://127.0.0.1/x", "https://user@fcm.googleapis.com/x"],
)  # fmt: skip
def test_no_other_place_may(endpoint: str) -> None:
    with pytest.raises(BadInput):
        check_endpoint(endpoint, HOSTS)


@pytest.mark.parametrize(("p256dh", "auth"), [("", ""), ("x", "y"), ("B" * 87, "A" * 22), ("!!", "A" * 22)])
def test_what_is_no_key_of_a_browser_is_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(BadInput):
        read_keys(p256dh, auth)
