"""Who asks: the key of `Authorization: Bearer <key>`, and what may be read without one."""

from typing import Annotated

from fastapi import Depends

from api.errors import UnauthorizedError
from api.ports import Key
from api.requests import ApiRequest
from domain.audience import PUBLIC
from domain.commands import Poster


async def find_key(request: ApiRequest) -> Key | None:
    """Return the key of the request, None where it has none. Raises UnauthorizedError for a bad one."""
    said = request.header(b"authorization")
    if not said:
        return None
    scheme, _, secret = said.partition(b" ")
    if scheme.lower() != b"bearer":
        raise UnauthorizedError("send the key as Authorization: Bearer <key>")
    key = await request.ports.keys.find(secret.strip().decode("latin-1"))
    if key is None:
        raise UnauthorizedError("this key is unknown or revoked")
    return key


async def require_reader(request: ApiRequest) -> Key | None:
    """Return the key, or None for the public where it may read. Raises UnauthorizedError."""
    key = await find_key(request)
    if key is None and not request.ports.options.public_reads:
        raise UnauthorizedError("reading needs a key here")
    return key


async def require_poster(request: ApiRequest) -> Poster:
    """Return who posts. Raises UnauthorizedError; what the role allows is for the ledger to say."""
    key = await find_key(request)
    if key is None:
        raise UnauthorizedError("appending needs a key")
    return Poster(name=key.name, role=key.role, audience=key.audience)


def audience_of(key: Key | None) -> int:
    """Return what the key sees, without one what the public sees."""
    return PUBLIC if key is None else key.audience


MaybeKey = Annotated[Key | None, Depends(find_key)]
Reader = Annotated[Key | None, Depends(require_reader)]
Posting = Annotated[Poster, Depends(require_poster)]
