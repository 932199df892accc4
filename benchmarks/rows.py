"""A row of the table: what was measured, round by round, beside what, and how far it should reach."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple


class Round(NamedTuple):
    """One round of both sides; `against` is None for what is only reported."""

    value: float
    against: float | None = None

    @property
    def ratio(self) -> float | None:
        """The service's figure over the yardstick's of the same round."""
        return self.value / self.against if self.against else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure, and why it is missing where it could not be measured."""

    row_id: str
    what: str
    unit: str
    against: str | None = None
    reach: float | None = None
    is_lower_better: bool = False
    rounds: list[Round] = field(default_factory=list)
    curve: dict[int, float] = field(default_factory=dict)
    """Of what grows: the median figure at each size."""
    failure: str | None = None

    def add(self, value: float, against: float | None = None) -> None:
        """Add the figures of one round."""
        self.rounds.append(Round(value, against))

    @property
    def value(self) -> float | None:
        """The median of the service's figures."""
        return _median([each.value for each in self.rounds])

    @property
    def against_value(self) -> float | None:
        """The median of the yardstick's figures."""
        return _median([each.against for each in self.rounds if each.against is not None])

    @property
    def ratio(self) -> float | None:
        """The median of the rounds' ratios."""
        return _median(self._ratios())

    @property
    def spread(self) -> list[float]:
        """The least and the greatest of the rounds: of the ratio, or of the value where there is none."""
        figures = self._ratios() or [each.value for each in self.rounds]
        return [min(figures), max(figures)] if figures else []

    @property
    def is_reached(self) -> bool | None:
        """Whether the ratio, or the value where there is none, is where it should be; None where nothing is asked."""
        figure = self.ratio if self.against else self.value
        if self.reach is None or figure is None:
            return None
        return figure <= self.reach if self.is_lower_better else figure >= self.reach

    @property
    def reach_text(self) -> str | None:
        """The reach with its direction."""
        return None if self.reach is None else f"{'≤' if self.is_lower_better else '≥'} {self.reach:g}"

    def to_json(self) -> dict[str, Any]:  # Any: JSON
        """Return the row as results hold it."""
        return {
            "id": self.row_id,
            "what": self.what,
            "value": self.value,
            "unit": self.unit,
            "against": self.against,
            "against_value": self.against_value,
            "ratio": self.ratio,
            "reach": self.reach_text,
            "reached": self.is_reached,
            "spread": self.spread,
            "rounds": [{"value": each.value, "against": each.against} for each in self.rounds],
            "curve": [{"size": size, "value": value} for size, value in self.curve.items()],
            "failure": self.failure,
        }

    def _ratios(self) -> list[float]:
        return [each.ratio for each in self.rounds if each.ratio is not None]


def _median(figures: Sequence[float]) -> float | None:
    return median(figures) if figures else None
