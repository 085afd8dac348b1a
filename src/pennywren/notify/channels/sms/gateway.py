"""An SMS gateway that takes one HTTP request a message: its address, its body and its answers are settings.

The body is a template with `{to}`, `{text}` and `{id}`. One that begins with a brace is JSON, any other is a form:

    {"to": "{to}", "text": "{text}", "reference": "{id}"}           the default
    To={to}&From=%2B15550100&Body={text}                            Twilio
"""

import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus

from pennywren.errors import BadSetting, DeliveryError
from pennywren.notify.outgoing import OutgoingClient, error_of

DEFAULT_BODY: Final = '{"to": "{to}", "text": "{text}", "reference": "{id}"}'

_PLACE: Final = re.compile(r"\{(to|text|id)\}")
_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"

# GSM 03.38: the basic set, and what of its extension takes two places.
_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_DOUBLE: Final = frozenset("^{}\\[~]|€")


class Gateway:
    """Hands short messages over."""

    def __init__(self, client: OutgoingClient, url: str, authorization: str | None, template: str) -> None:
        """`authorization` is the whole header, such as `Bearer …`.

        Raises:
            BadSetting: the template is no JSON, or has no place for the number or the text.
        """
        self._client = client
        self._url = url
        self._template = checked_template(template)
        self._headers = {"Content-Type": _JSON if template.lstrip().startswith("{") else _FORM}
        if authorization:
            self._headers["Authorization"] = authorization

    async def send(self, number: str, text: str, key: str) -> DeliveryError | None:
        """Send one message; what went wrong, if anything did. `key` is the same at every attempt."""
        body = fill(self._template, {"to": number, "text": text, "id": key})
        try:
            answer = await self._client.post(self._url, body, {**self._headers, "Idempotency-Key": key})
        except DeliveryError as error:
            return DeliveryError(f"the SMS gateway: {error.message}", permanent=False)
        error = error_of(answer)
        if error is None:
            return None
        # About us and not about the message: an operator mends it, and the alerts wait.
        about_us = answer.status in (401, 402, 403, 404, 410) or 300 <= answer.status < 400
        return DeliveryError(
            f"the SMS gateway answered {answer.status}",
            permanent=error.permanent and not about_us,
            retry_after=error.retry_after,
        )


def checked_template(template: str) -> str:
    """`template` if a message can be written with it.

    Raises:
        BadSetting: it cannot; says what is missing.
    """
    if "{to}" not in template or "{text}" not in template:
        raise BadSetting("PENNYWREN_SMS_GATEWAY_BODY: it needs {to} and {text}, and may have {id}")
    if template.lstrip().startswith("{"):
        try:
            json.loads(_PLACE.sub("x", template))
        except ValueError as error:
            raise BadSetting(f"PENNYWREN_SMS_GATEWAY_BODY: it begins as JSON and is none: {error}") from error
    return template


def fill(template: str, values: Mapping[str, str]) -> bytes:
    """The body of one request; values are quoted as the template's kind wants it, so that none says more than it is."""
    as_json = template.lstrip().startswith("{")

    def value(place: re.Match[str]) -> str:
        text = values[place[1]]
        return json.dumps(text)[1:-1] if as_json else quote_plus(text)

    return _PLACE.sub(value, template).encode()


def parts_of(text: str) -> int:
    """How many messages a text costs: 160 GSM characters or 70 others in one, 153 or 67 in each of several."""
    if all(character in _GSM or character in _GSM_DOUBLE for character in text):
        size, one, several = sum(2 if character in _GSM_DOUBLE else 1 for character in text), 160, 153
    else:
        size, one, several = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if size <= one else -(-size // several)
