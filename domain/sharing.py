"""One copy of the words that stand in most events of a ledger: the names of desks, speakers and outlets."""

from functools import lru_cache


@lru_cache(maxsize=4096)
def shared(word: str) -> str:
    """Return the word as whoever asked for it before has it: it is held once, however many events say it."""
    return word


def forget_words() -> None:
    """Let go of all words: one of them may stand in nothing but what was just erased."""
    shared.cache_clear()
