"""What Web Push asks of a sender: who we are (VAPID, RFC 8292), and a body that only the browser reads (RFC 8291)."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_ece import encrypt  # pyright: ignore[reportUnknownVariableType]
from py_vapid import Vapid02

from pennywren.errors import BadInput

VAPID_KEY: Final = "vapid"
"""The name of the key in `postgres.secrets`."""

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256 (FIPS 186-4, D.1.2.3)."""
_TOKEN_LASTS: Final = 12 * 3600
_POINT: Final = 65
_AUTH: Final = 16


class Vapid:
    """Our key pair towards push services. `contact` is `mailto:…` or `https://…`, for their operators."""

    def __init__(self, secret: bytes, contact: str) -> None:
        private = ec.derive_private_key(int.from_bytes(secret, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
        self._signer = Vapid02(private)
        self._contact = contact
        self.public_key = _base64(private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))
        """What a browser subscribes with (applicationServerKey)."""

    def authorization(self, endpoint: str, now: int) -> str:
        """The Authorization header for one push service. `now` is ms UTC."""
        parts = urlsplit(endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": now // 1000 + _TOKEN_LASTS,
            "sub": self._contact,
        }
        return str(self._signer.sign(claims)["Authorization"])


def encrypted(body: bytes, p256dh: str, auth: str) -> bytes:
    """`body` for the browser that has these keys.

    Raises:
        BadInput: they are no keys.
    """
    point, secret = read_keys(p256dh, auth)
    ours = ec.generate_private_key(ec.SECP256R1())
    return cast("bytes", encrypt(body, salt=os.urandom(16), private_key=ours, dh=point, auth_secret=secret))


def read_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """The keys of a browser's subscription: a point of P-256, and 16 bytes.

    Raises:
        BadInput: they are no such keys.
    """
    try:
        point, secret = _bytes(p256dh), _bytes(auth)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise BadInput("keys.p256dh must be a P-256 public key, as the browser's subscription has it.") from error
    if len(point) != _POINT or len(secret) != _AUTH:
        raise BadInput("keys.auth must be the 16 bytes that the browser's subscription has, in base64url.")
    return point, secret


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
