"""The yardsticks' server: what an ordinary FastAPI application costs that stores nothing.

Run as `python -m benchmarks.yardsticks [--raw] [READY]`; prints its URL. READY is a JSON file of
what C-get answers: {path: {"etag", "body"}}.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Header, Response
from pydantic import PlainValidator

from benchmarks.apps import App, serve
from domain.events import EVENT, Event

Json = dict[str, Any]  # Any: JSON
Message = dict[str, Any]  # Any: ASGI


def _from_python(value: object) -> Event:
    """Validate what FastAPI hands on by the service's schema, with its lists where the strict schema takes tuples."""
    return EVENT.validate_python(value, strict=False)


def ordinary_app(ready: dict[str, Json]) -> FastAPI:
    """Return the application of FastAPI's own tutorial: C-post, C-get and C-304."""
    app = FastAPI()

    @app.post("/v1/events", status_code=201)
    async def post(event: Annotated[Event, PlainValidator(_from_python)]) -> dict[str, str | None]:
        return {"event_id": event.event_id}

    @app.get("/v1/claims/{claim_id}")
    async def get_claim(claim_id: str) -> Response:
        return Response(bodies[f"/v1/claims/{claim_id}"], media_type="application/json")

    @app.get("/v1/claims/{claim_id}/tagged")
    async def get_tagged(claim_id: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        path = f"/v1/claims/{claim_id}"
        if if_none_match == tags[path]:
            return Response(status_code=304, headers={"ETag": tags[path]})
        return Response(bodies[path], media_type="application/json", headers={"ETag": tags[path]})

    @app.get("/v1/claims/{claim_id}/history")
    async def get_history(claim_id: str) -> Response:
        return Response(bodies[f"/v1/claims/{claim_id}/history"], media_type="application/json")

    @app.get("/v1/claims")
    async def list_claims(status: str, limit: int = 50) -> Response:
        return Response(bodies[f"/v1/claims?status={status}&limit={limit}"], media_type="application/json")

    bodies = {path: answer["body"].encode() for path, answer in ready.items()}
    tags = {path: answer["etag"] for path, answer in ready.items()}
    return app


async def raw_app(_scope: Any, receive: Any, send: Any) -> None:
    """Read and answer, with nothing between: C-raw."""
    body = b""
    while True:
        message: Message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    answer = b'{"size":%d}' % len(body)
    await send(
        {
            "type": "http.response.start",
            "status": 201,
            "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))],
        }
    )
    await send({"type": "http.response.body", "body": answer})


def main(arguments: list[str]) -> None:
    """Serve on a free port, with the service's own server and its options, until SIGTERM."""
    files = [Path(argument) for argument in arguments if argument != "--raw"]
    ready = json.loads(files[0].read_text(encoding="utf-8")) if files else {}
    app: App = raw_app if "--raw" in arguments else ordinary_app(ready)
    serve(app)


if __name__ == "__main__":
    main(sys.argv[1:])
