"""A thread that works when it is told of news, and otherwise waits for some."""

import threading
from abc import ABC, abstractmethod


class Looping(ABC):
    """One thread, from its start to its stop: what it does meanwhile is in `run`."""

    def __init__(self, name: str) -> None:
        """Prepare the thread, which bears this name."""
        self._news = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._stop.set()
        self._news.set()
        self._thread.join()

    def wake(self) -> None:
        """Tell that there may be news."""
        self._news.set()

    @abstractmethod
    def run(self) -> None:
        """Work in the thread until it is to stop."""

    def is_stopping(self) -> bool:
        """Tell whether it is to end."""
        return self._stop.is_set()

    def wait_for_news(self, at_most_s: float) -> None:
        """Wait until there may be news, or for so many seconds."""
        self._news.wait(at_most_s)
        self._news.clear()

    def pause(self, seconds: float) -> None:
        """Wait for so many seconds, whatever is new, or until it is to stop."""
        self._stop.wait(seconds)
