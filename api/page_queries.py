"""The query parameters of the pages: those of the reads behind them, as a form sends them."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from api.queries import ClaimQuery, ClaimsQuery
from domain.times import format_brief, parse_fuzzy

# How a day is written that was asked for by its date: as it was asked for.
_END_OF_DAY = "T23:59:59.999999Z"


def _moment(text: str) -> int:
    """Return an instant as people write it: a date means its end."""
    try:
        return parse_fuzzy(text.strip().replace(" ", "T")).latest_us
    except ValueError as error:
        raise PydanticCustomError("instant", "{reason}", {"reason": str(error)}) from error


Moment = Annotated[int, BeforeValidator(_moment)]


def _drop_blank(found: Any) -> Any:  # Any: whatever pydantic validates
    """Return the fields that are filled in: a form sends the others too."""
    return {name: text for name, text in found.items() if text.strip()}


class FrontPageQuery(ClaimsQuery):
    """What the front page shows."""

    known_at: Moment | None = Field(default=None, description="As known at this instant, or at the end of this day.")

    _drop_blank = model_validator(mode="before")(_drop_blank)

    def chosen(self) -> dict[str, str]:
        """Return what was asked for, as the form shows it."""
        asked = self.model_dump(exclude_none=True, exclude_defaults=True, exclude={"cursor", "limit", "min_position"})
        return {name: _text(name, value) for name, value in asked.items()}


class ClaimPageQuery(ClaimQuery):
    """As of when the page of a claim is shown."""

    known_at: Moment | None = Field(default=None, description="As known at this instant, or at the end of this day.")
    valid_at: Moment | None = Field(default=None, description="What had happened by this instant or day.")

    _drop_blank = model_validator(mode="before")(_drop_blank)

    def chosen(self) -> dict[str, str]:
        """Return what was asked for, as the form shows it."""
        asked = self.model_dump(exclude_none=True, include={"known_at", "valid_at", "position", "audience"})
        return {name: _text(name, value) for name, value in asked.items()}


def _text(name: str, value: object) -> str:
    if name in ("known_at", "valid_at") and isinstance(value, int):
        return format_brief(value).removesuffix(_END_OF_DAY)
    return str(value).lower() if isinstance(value, bool) else str(value)
