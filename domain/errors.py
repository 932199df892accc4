"""Every refusal of the ledger, one class each, with the stable code that clients see."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One field that is wrong: where it stands (JSON pointer), which rule it breaks, and how."""

    pointer: str
    rule: str
    detail: str


def pointer_below(pointer: str, member: str | int) -> str:
    """Return the JSON pointer (RFC 6901) of a member or item of what a pointer names."""
    return f"{pointer}/{str(member).replace('~', '~0').replace('/', '~1')}"


class Refusal(Exception):
    """A request that the ledger refuses; nothing has changed."""

    code: ClassVar[str]

    def __init__(self, detail: str, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = faults
        self.index = 0  # which command of its group was refused


class NotReadableError(Refusal):
    """The body is not JSON."""

    code = "not-json"


class MalformedError(Refusal):
    """The body is JSON, but not an event: a field is missing, unknown, or of the wrong form."""

    code = "malformed"


class RuleBrokenError(Refusal):
    """The event is well formed, but breaks a rule of the ledger."""

    code = "rule-broken"

    @classmethod
    def at(cls, pointer: str, rule: str, detail: str) -> "RuleBrokenError":
        """Return the refusal of one field."""
        return cls(detail, (Fault(pointer=pointer, rule=rule, detail=detail),))


class EventIdTakenError(Refusal):
    """Another event with other content has this event id already."""

    code = "event-id-taken"


class ErasedError(Refusal):
    """The event was erased: its content is gone for good."""

    code = "erased"


class RoleForbidsError(Refusal):
    """The key's role does not allow this."""

    code = "role-forbids"


class VersionMismatchError(Refusal):
    """The claim is not at the version that the request named."""

    code = "version-mismatch"


class TargetErasedError(Refusal):
    """The event that this one targets was erased."""

    code = "target-erased"


class TargetRetractedError(Refusal):
    """The event that this one would correct or retract is retracted already."""

    code = "target-retracted"


class UnknownSchemaVersionError(Exception):
    """A stored event is of a schema version that this release does not know: a newer one has recorded it."""
