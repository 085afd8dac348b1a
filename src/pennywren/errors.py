"""What can go wrong, as one tree. A class's docstring is its default message.

PennywrenError
├── BadInput                 the caller's words; says what was wrong and what to do
│   ├── KeyReused            an Idempotency-Key came with another request before
│   ├── BadProduct
│   ├── BadQuery
│   └── BadSetting
├── NotFound                 also for what belongs to somebody else
├── NotSignedIn
├── Forbidden
│   ├── PlanLimit
│   └── MissingScope         an access token may not do this; carries the scope
├── RateLimited              carries retry_after in seconds
├── Conflict
│   ├── InProgress           the same request is being worked on; carries retry_after
│   ├── StillWarm            somebody watches or views what was to be packed
│   └── VersionMoved         a rewrite lost against a newer record: read again and retry
├── Unavailable              a part is down; carries retry_after
│   └── MissingPart          a part is not installed, or cannot do what we need
└── DeliveryError            one attempt over one channel failed; `permanent` decides about a retry
"""

from inspect import cleandoc


class PennywrenError(Exception):
    """Something went wrong."""

    field: str | None = None
    """The name of the field of a form that it is about, where it is about one."""

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message or cleandoc(self.__doc__ or "").splitlines()[0])
        self.field = field

    @property
    def message(self) -> str:
        """The sentence for a person."""
        return str(self.args[0])


class BadInput(PennywrenError):
    """The input cannot be used."""


class BadProduct(BadInput):
    """This is not a product: write an ASIN, a product link, or MARKETPLACE:ASIN."""


class BadQuery(BadInput):
    """The question cannot be answered as it was put."""


class BadSetting(BadInput):
    """A setting has a value that cannot be used."""


class KeyReused(BadInput):
    """This Idempotency-Key came with another request before: give each request a key of its own."""


class NotFound(PennywrenError):
    """There is no such thing here."""


class NotSignedIn(PennywrenError):
    """Sign in first."""


class Forbidden(PennywrenError):
    """This is not allowed."""


class PlanLimit(Forbidden):
    """Your plan's limit is reached."""


class MissingScope(Forbidden):
    """This access token may not do this."""

    def __init__(self, message: str | None = None, *, scope: str) -> None:
        super().__init__(message)
        self.scope = scope


class RateLimited(PennywrenError):
    """Too many requests: wait a moment and try again."""

    def __init__(self, message: str | None = None, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Conflict(PennywrenError):
    """Something else changed this at the same time."""


class VersionMoved(Conflict):
    """The product was recorded in the meantime: read it again and retry."""


class InProgress(Conflict):
    """This very request is being worked on: send it again in a moment."""

    def __init__(self, message: str | None = None, *, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class StillWarm(Conflict):
    """Somebody watches or views the product: it keeps its series."""


class Unavailable(PennywrenError):
    """A part of Pennywren is not reachable right now: try again in a moment."""

    def __init__(self, message: str | None = None, *, retry_after: float = 5.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MissingPart(Unavailable):
    """A part that Pennywren needs is not installed."""


class DeliveryError(PennywrenError):
    """The message could not be delivered."""

    def __init__(
        self,
        message: str | None = None,
        *,
        permanent: bool,
        address_gone: bool = False,
        retry_after: float | None = None,
    ) -> None:
        """`address_gone`: nothing will ever arrive there; `retry_after`: the seconds that the peer asks for."""
        super().__init__(message)
        self.permanent = permanent
        self.address_gone = address_gone
        self.retry_after = retry_after
