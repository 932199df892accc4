"""Signs what the tree has grown by: one checkpoint after another, each of which holds for good."""

from collections.abc import Callable
from random import SystemRandom

from projections.log.checkpoint import Checkpoint, VerifierKey
from projections.log.verify.notes import Checkpoint as SignedCheckpoint
from projections.log.verify.notes import NoteError, open_checkpoint, parse_key
from service.publishing.checking import ContradictionError, check_growth, check_leaf
from service.publishing.identity import OpenLog
from service.publishing.last_checkpoint import origin_of
from service.publishing.tree import Tree
from service.store.checkpoints import CheckpointStore, KeptCheckpoint, NotTheLastError

_by_chance = SystemRandom().randrange
_WAY_ON = "put the right one back, or see `onrecord new-origin` in docs/operations.md"


class Publisher:
    """Takes one step at a time, in one thread; others may sign beside it, in other processes.

    A checkpoint goes to the store, then to the file beside the key, then to everybody. Whatever dies in between:
    what somebody has seen the file remembers, and what the file remembers is kept.
    """

    def __init__(
        self,
        opened: OpenLog,
        store: CheckpointStore,
        tree: Tree,
        now_us: Callable[[], int],
        show: Callable[[KeptCheckpoint], None],
        choose: Callable[[int, int], int] = _by_chance,
    ) -> None:
        """Prepare; `show` shows a checkpoint to everybody, `choose` picks the leaf that is looked at before it."""
        self._log = opened.identity
        self._key = opened.key
        self._file = opened.file
        self._retired = {retired.origin for retired in opened.retired}
        self._store = store
        self._tree = tree
        self._now_us = now_us
        self._show = show
        self._choose = choose
        self._signer = VerifierKey(self._log.origin, opened.key.public_key)
        self._verifier = parse_key(self._log.verifier_key)
        self._has_recalled = False
        self._shown: KeptCheckpoint | None = None

    def step(self) -> bool:
        """Publish the next checkpoint if there is one, or there is something to sign; return whether it did.

        Raises ContradictionError and BrokenLogError, after which nothing may be signed or appended any more;
        StoreUnavailableError and OSError, after which it may be tried again.
        """
        last = self._store.last(self._log.log_id)
        if not self._has_recalled and not self._recall(last):
            return False
        if last is not None and last != self._shown:
            return self._take_over(last)
        return self._sign(last)

    def _recall(self, last: KeptCheckpoint | None) -> bool:
        """Return whether the ledger and the tree have all that the file remembers."""
        note = self._file.read()
        if note is not None and origin_of(note) not in self._retired:
            remembered = self._open(note, str(self._file.path))
            if not self._agrees(remembered):
                return False
            if last is None or last.size < remembered.size:
                # It was signed, and the ledger has every event of it, but is of the moment before it was kept.
                self._keep(note, remembered.size, last)
                return False
        self._has_recalled = True
        return True

    def _take_over(self, kept: KeptCheckpoint) -> bool:
        """Publish what was kept before we started, or by somebody else, once the tree has come to it."""
        if not self._agrees(self._open(kept.note, f"the kept checkpoint {kept.number}")):
            return False
        self._publish(kept)
        return True

    def _sign(self, last: KeptCheckpoint | None) -> bool:
        size = self._tree.size()
        if last is not None and last.size == size:
            return False
        before = SignedCheckpoint(self._log.origin, 0, self._tree.root(0))
        if last is not None:
            before = self._open(last.note, f"the kept checkpoint {last.number}")
            if not self._agrees(before):
                return False
        root = self._tree.root(size)
        check_growth(self._tree, before, size, root)
        if size > before.size:
            check_leaf(self._tree, self._choose(before.size, size), size, root)
        note = Checkpoint(self._log.origin, size, root).sign(self._signer, self._key.sign)
        self._open(note, "what was signed")
        kept = self._keep(note, size, last)
        if kept is None:
            return False
        self._publish(kept)
        return True

    def _keep(self, note: bytes, size: int, after: KeptCheckpoint | None) -> KeptCheckpoint | None:
        """Keep a checkpoint; None where somebody else was first, whose checkpoint the next step takes over."""
        signed = KeptCheckpoint(log_id=self._log.log_id, size=size, note=note, signed_us=self._now_us())
        try:
            return self._store.keep(signed, after)
        except NotTheLastError:
            return None

    def _publish(self, kept: KeptCheckpoint) -> None:
        # Not before: a ledger that is put back to what it was before the checkpoint must not pass for the right one.
        if not self._is_newer_in_file(kept):
            self._file.write(kept.note)
        self._shown = kept
        self._show(kept)

    def _is_newer_in_file(self, kept: KeptCheckpoint) -> bool:
        """Tell whether the file has a later checkpoint of this log: of another process that has the same file."""
        note = self._file.read()
        if note is None or origin_of(note) != self._log.origin:
            return False
        return self._open(note, str(self._file.path)).size > kept.size

    def _agrees(self, signed: SignedCheckpoint) -> bool:
        """Return whether the tree has come to what was signed. Raises ContradictionError where it never will."""
        size = self._tree.size()
        if size >= signed.size:
            check_growth(self._tree, signed, size, self._tree.root(size))
            return True
        head = self._tree.head()
        if head < signed.size:
            raise ContradictionError(
                f"the ledger ends at position {head}, but a checkpoint was signed for {signed.size}: "
                f"this is an older ledger; {_WAY_ON}"
            )
        return False

    def _open(self, note: bytes, where: str) -> SignedCheckpoint:
        try:
            return open_checkpoint(note, self._verifier)
        except NoteError as error:
            raise ContradictionError(f"{where} is no checkpoint of this log: {error}; {_WAY_ON}") from error
