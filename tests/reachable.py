"""What an object still holds: every text that can be reached from it, for tests of what must be forgotten."""

import gc
from asyncio import AbstractEventLoop
from contextvars import Context
from types import FunctionType, ModuleType

# What they lead to is the program, or whatever else runs in the process, not what it remembers.
_APART = (type, ModuleType, AbstractEventLoop, Context)


def texts_in(root: object, apart: object = None) -> str:
    """Return all texts that an object leads to, as one; what leads through another one is left out."""
    seen: dict[int, object] = {id(apart): apart}
    texts: list[str] = []
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, _APART):
            continue
        seen[id(found)] = found  # held, so that no other gets its address
        if isinstance(found, str | bytes):
            texts.append(found if isinstance(found, str) else found.decode(errors="replace"))
        elif isinstance(found, FunctionType):
            waiting.extend(found.__closure__ or ())
        else:
            waiting.extend(gc.get_referents(found))
    return "\n".join(texts)
