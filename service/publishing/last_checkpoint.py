"""The last checkpoint that was signed, in a file beside the key: what a restored database can not forget."""

from pathlib import Path

from service.durable import replace_file


class LastCheckpointFile:
    """Holds one signed note."""

    def __init__(self, key_file: Path) -> None:
        self.path = key_file.with_name(f"{key_file.name}.checkpoint")

    def read(self) -> bytes | None:
        """Return the note, None where none was signed with this key. Raises OSError."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def write(self, note: bytes) -> None:
        """Put a note in the place of the one before, durably. Raises OSError, and then the old one is still there."""
        replace_file(self.path, note)


def origin_of(note: bytes) -> str:
    """Return the first line of a note: whose checkpoint it says it is."""
    return note.partition(b"\n")[0].decode(errors="replace")
