"""Verifying a phone number: the code that proves whose it is goes there by SMS, within what may be spent."""

from typing import Final

from pennywren.accounts import phones
from pennywren.accounts.addresses import address_key
from pennywren.accounts.phones import CODE_LASTS, Phone, checked_number
from pennywren.errors import BadInput, Conflict
from pennywren.language.speaking import Language
from pennywren.model.clock import Clock
from pennywren.notify import suppressed
from pennywren.notify.channels.sms.channel import SmsAddress, SmsChannel
from pennywren.postgres.pool import Pool, transaction
from pennywren.store.connect import Client
from pennywren.store.limits import spend

PER_PERSON: Final = 5
PER_NUMBER: Final = 3
"""Codes an hour."""


class PhoneCodes:
    """Sends codes. `channel` is None where no gateway is set up."""

    def __init__(self, pool: Pool, client: Client, channel: SmsChannel | None, clock: Clock) -> None:
        self._pool = pool
        self._client = client
        self._channel = channel
        self._clock = clock

    async def send(self, person_id: int, number: str, speaking: Language) -> Phone:
        """Add a number to a person and send a code there; the phone, not verified yet.

        Raises:
            BadInput: not an international number, or there is no SMS here.
            Conflict: it is verified already, said STOP, or the person has as many as one may have.
            RateLimited: too many codes for this person or this number.
            DeliveryError: the gateway does not take it, or what may be spent today is spent.
        """
        if self._channel is None:
            raise BadInput("SMS is not set up here: choose EMAIL, PUSH or WEBHOOK.")
        number = checked_number(number)
        await spend(self._client, "phone-person", str(person_id), rate_per_hour=PER_PERSON, burst=PER_PERSON)
        await spend(self._client, "phone-number", address_key(number), rate_per_hour=PER_NUMBER, burst=PER_NUMBER)
        async with transaction(self._pool) as connection:
            if await suppressed.find(connection, "sms", [number]):
                raise Conflict("This number said STOP to us: send START from it, and add it again.")
            phone, code = await phones.add(connection, person_id, number, self._clock())
        minutes = CODE_LASTS.seconds // 60
        text = speaking.say("phone.code", code=code, minutes=minutes)
        error = await self._channel.send(SmsAddress(number, person_id), text, f"code-{phone.id}-{self._clock()}")
        if error is not None:
            raise error
        return phone
