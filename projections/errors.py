"""What read models raise where the ledger is not what it promises to be."""


class BrokenLogError(Exception):
    """An invariant of the log does not hold at a position: whoever appends must stop, and people must look."""

    def __init__(self, position: int, problem: str) -> None:
        super().__init__(f"position {position}: {problem}")
        self.position = position
