"""Sharing out what is scarce: who wants more than a share waits, and nobody is kept from a first piece by others."""


class Shares:
    """Who holds how much of something of which there is a limit.

    While there is room anybody gets all of it. Beyond the limit only who holds less than an equal share gets more, and
    who holds nothing is let in before them: they may exceed it by half, and by all of it. Not safe in threads.
    """

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self.total = 0

    def may_take(self, who: str, amount: int, limit: float) -> bool:
        """Return whether one may take so much more."""
        after = self.total + amount
        if after <= limit:
            return True
        held = self._held.get(who, 0)
        if not held:
            return after <= 2 * limit
        return (held + amount) * len(self._held) <= limit and 2 * after <= 3 * limit

    def take(self, who: str, amount: int) -> None:
        """Note that one has taken so much."""
        self._held[who] = self._held.get(who, 0) + amount
        self.total += amount

    def give_back(self, who: str, amount: int) -> None:
        """Note that one has given so much back."""
        self.total -= amount
        left = self._held.get(who, 0) - amount
        if left:
            self._held[who] = left
        else:
            self._held.pop(who, None)
