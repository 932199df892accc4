"""Words that many events say are held once, and not for ever."""

from domain.sharing import forget_words, shared


def word(text: str) -> str:
    return text + "!"


def test_a_word_is_held_once():
    assert shared(word("Kyiv Post")) is shared(word("Kyiv Post"))


def test_words_are_forgotten_when_something_is_erased():
    first = shared(word("a name to hide"))
    forget_words()
    assert shared(word("a name to hide")) is not first
