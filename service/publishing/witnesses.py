"""Asks witnesses to sign each checkpoint; a slow or dead one delays nothing but its own signature."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

import httpx
import structlog

from api.ports import UnavailableError
from domain.times import SECOND_US
from service.publishing.cosigning import WitnessError, encode_request, find_cosignature, parse_size, parse_witness_key
from service.publishing.published import Published, PublishedLog
from service.publishing.tree import Tree
from service.store.checkpoints import CheckpointStore, Cosignature, Witness

log = structlog.get_logger()

ASKED_AGAIN_US = 600 * SECOND_US
"""A signature tells when: an idle log has its last checkpoint signed anew so often."""
_ANSWER_S = 10.0
_LONGEST_ANSWER_BYTES = 64 * 1024
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 60.0
_RELOADED_S = 2.0


class AlarmError(Exception):
    """The witness has seen another tree than ours, or a larger one: people must look."""


@dataclass(slots=True)
class WitnessState:
    """What has come of asking a witness: the largest tree that it has signed, and how often it has raised an alarm."""

    name: str
    cosigned_size: int = 0
    alarms: int = 0


class Witnessing:
    """Asks one witness, for ever."""

    def __init__(
        self,
        witness: Witness,
        published: PublishedLog,
        store: CheckpointStore,
        tree: Tree,
        now_us: Callable[[], int],
    ) -> None:
        self._url = f"{witness.url.rstrip('/')}/add-checkpoint"
        self._key = parse_witness_key(witness.verifier_key)
        self._published = published
        self._store = store
        self._tree = tree
        self._now_us = now_us
        self._old_size = 0
        self._news = asyncio.Event()
        self.state = WitnessState(self._key.name)

    def wake(self) -> None:
        """Tell that there is a new checkpoint."""
        self._news.set()

    async def run(self) -> None:
        """Have every checkpoint signed until cancelled; while one is waited for, newer ones take its place."""
        pause_s = _FIRST_PAUSE_S
        async with httpx.AsyncClient(timeout=_ANSWER_S) as client:
            while True:
                self._news.clear()
                try:
                    await self.step(client)
                    pause_s = _FIRST_PAUSE_S
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_LONGEST_PAUSE_S):
                            await self._news.wait()
                except AlarmError as error:
                    self.state.alarms += 1
                    log.error("witness_alarm", witness=self._key.name, reason=str(error))  # noqa: TRY400  # no fault of ours: no trace
                    await asyncio.sleep(_LONGEST_PAUSE_S)
                except (WitnessError, UnavailableError, httpx.HTTPError, TimeoutError) as error:
                    log.warning("witness_failed", witness=self._key.name, error=repr(error))
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def step(self, client: httpx.AsyncClient) -> None:
        """Have the published checkpoint signed, if it is not or was long ago.

        Raises AlarmError, after which people must look; WitnessError, UnavailableError, httpx.HTTPError and
        TimeoutError, after which it may be tried again.
        """
        shown = self._published.last
        if shown is None or self._is_fresh(await self._known(shown)):
            return
        async with asyncio.timeout(_ANSWER_S):
            line = await self._ask(client, shown)
        self._old_size = shown.kept.size
        await self._take(
            Cosignature(
                number=shown.kept.number,
                verifier_key=self._key.text,
                line=line,
                cosigned_us=self._now_us(),
            )
        )
        self.state.cosigned_size = shown.kept.size

    async def _known(self, shown: Published) -> Cosignature | None:
        """Return what the witness has signed of a checkpoint, through another node, perhaps, or before a restart."""
        number = shown.kept.number
        found = [*shown.cosignatures, *await asyncio.to_thread(self._store.list_cosignatures, number, number)]
        mine = [each for each in found if each.verifier_key == self._key.text]
        latest = max(mine, key=lambda each: each.cosigned_us, default=None)
        if latest is not None:
            self._published.add_cosignature(latest)
            self.state.cosigned_size = shown.kept.size
        return latest

    def _is_fresh(self, cosignature: Cosignature | None) -> bool:
        return cosignature is not None and self._now_us() - cosignature.cosigned_us < ASKED_AGAIN_US

    async def _take(self, cosignature: Cosignature) -> None:
        await asyncio.to_thread(self._store.add_cosignature, cosignature)
        self._published.add_cosignature(cosignature)

    async def _ask(self, client: httpx.AsyncClient, shown: Published) -> bytes:
        """Return the witness's signature line."""
        size, note = shown.kept.size, shown.kept.note
        status, answer = await self._post(client, min(self._old_size, size), shown)
        if status == httpx.codes.CONFLICT:
            remembered = parse_size(answer)
            if remembered > size:
                await self._refuse_larger(remembered, shown)
            status, answer = await self._post(client, remembered, shown)
        if status == httpx.codes.UNPROCESSABLE_ENTITY:
            raise AlarmError(f"it finds that the tree of {size} does not agree with what it has signed")
        if status != httpx.codes.OK:
            raise WitnessError(f"it answers {status}")
        return find_cosignature(answer, self._key, note)

    async def _refuse_larger(self, remembered: int, shown: Published) -> None:
        last = await asyncio.to_thread(self._store.last, shown.kept.log_id)
        if last is None or last.size < remembered:
            raise AlarmError(f"it has signed a tree of {remembered}, the last checkpoint here is for {shown.kept.size}")
        # Another node has published it: it is shown here as well in a moment.
        raise WitnessError(f"it has signed a tree of {remembered} already")

    async def _post(self, client: httpx.AsyncClient, old_size: int, shown: Published) -> tuple[int, bytes]:
        size = shown.kept.size
        proof: Sequence[bytes] = ()
        if 0 < old_size < size:
            proof = await asyncio.to_thread(self._tree.consistency, old_size, size)
        body = encode_request(old_size, proof, shown.kept.note)
        answer = b""
        async with client.stream("POST", self._url, content=body) as response:
            async for piece in response.aiter_bytes():
                answer += piece
                if len(answer) > _LONGEST_ANSWER_BYTES:
                    raise WitnessError(f"its answer is longer than {_LONGEST_ANSWER_BYTES} bytes")
        return response.status_code, answer


class Witnesses:
    """Asks all witnesses of the ledger, each in a task of its own; who is added or removed counts within seconds."""

    def __init__(self, published: PublishedLog, store: CheckpointStore, tree: Tree, now_us: Callable[[], int]) -> None:
        self._published = published
        self._store = store
        self._tree = tree
        self._now_us = now_us
        self._tasks: dict[Witness, tuple[Witnessing, asyncio.Task[None]]] = {}

    def wake(self) -> None:
        """Tell that there is a new checkpoint. Runs on the event loop."""
        for witnessing, _ in self._tasks.values():
            witnessing.wake()

    @property
    def states(self) -> list[WitnessState]:
        """What has come of asking each of them."""
        return [witnessing.state for witnessing, _ in self._tasks.values()]

    async def run(self) -> None:
        """Ask until cancelled."""
        try:
            while True:
                with suppress(UnavailableError):  # busy: the next time
                    self._reload(await asyncio.to_thread(self._store.list_witnesses))
                await asyncio.sleep(_RELOADED_S)
        finally:
            ended = [self._end(witness) for witness in list(self._tasks)]
            await asyncio.gather(*ended, return_exceptions=True)

    def _reload(self, witnesses: Sequence[Witness]) -> None:
        for witness, (_, task) in list(self._tasks.items()):
            if task.done():
                log.error("witness_task_failed", url=witness.url, error=task.exception())
            if task.done() or witness not in witnesses:
                _ = self._end(witness)
        for witness in witnesses:
            if witness not in self._tasks:
                asking = Witnessing(witness, self._published, self._store, self._tree, self._now_us)
                self._tasks[witness] = (asking, asyncio.create_task(asking.run()))

    def _end(self, witness: Witness) -> asyncio.Task[None]:
        task = self._tasks.pop(witness)[1]
        task.cancel()
        return task
