"""What HTTP itself refuses, beside the refusals of the ledger: one class each, with a stable code."""

from collections.abc import Mapping
from typing import ClassVar

from domain.encoding import Json
from domain.errors import Fault, Refusal


class HttpRefusal(Refusal):
    """A refusal that HTTP makes; it may bring headers, and members of its own in the problem."""

    headers: Mapping[str, str] = {}
    members: Mapping[str, Json] = {}


class UnauthorizedError(HttpRefusal):
    """No key where one is needed, or one that is not good."""

    code = "unauthorized"
    headers: Mapping[str, str] = {"WWW-Authenticate": "Bearer"}


class NotFoundError(HttpRefusal):
    """What was asked for does not exist, or is not this reader's to see: the words are the same."""

    code = "not-found"


class MethodNotAllowedError(HttpRefusal):
    """The address exists, but not for this method."""

    code = "method-not-allowed"

    def __init__(self, detail: str, allowed: str) -> None:
        super().__init__(detail)
        self.headers = {"Allow": allowed}


class TooLargeError(HttpRefusal):
    """The body, an event or a line is too long."""

    code = "too-large"


class UnsupportedMediaTypeError(HttpRefusal):
    """The body is of a type or encoding that is not read here."""

    code = "unsupported-media-type"
    headers: Mapping[str, str] = {"Accept-Post": "application/json, application/x-ndjson"}


class BadParameterError(HttpRefusal):
    """A query parameter is unknown, repeated or of the wrong form; the pointer of a fault is its name."""

    code = "bad-parameter"

    @classmethod
    def named(cls, name: str, rule: str, detail: str) -> "BadParameterError":
        """Return the refusal of one parameter."""
        return cls(f"{name}: {detail}", (Fault(pointer=name, rule=rule, detail=detail),))


class BadHeaderError(HttpRefusal):
    """A request header is not of the form that is read here."""

    code = "bad-header"


class RetryLaterError(HttpRefusal):
    """Nothing is wrong with the request; it came too early."""

    retry_after_s: ClassVar[int] = 1

    def __init__(self, detail: str, members: Mapping[str, Json] | None = None) -> None:
        super().__init__(detail)
        self.members = members or {}
        self.headers = {"Retry-After": str(self.retry_after_s)}


class NotYetReadableError(RetryLaterError):
    """The read models have not come to the position that the reader asked for."""

    code = "not-yet-readable"


class NotYetProjectedError(RetryLaterError):
    """The event is recorded for good, but reads do not show it yet."""

    code = "not-yet-projected"


class NotYetErasedError(RetryLaterError):
    """The erasure is recorded for good, but the bytes are not gone from every file yet."""

    code = "not-yet-erased"


class NotYetPublishedError(RetryLaterError):
    """The event is recorded for good, but no checkpoint of the log covers it yet."""

    code = "not-yet-published"


class NotReadyError(RetryLaterError):
    """Nothing can be appended now."""

    code = "not-ready"
    retry_after_s = 5
