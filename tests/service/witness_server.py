"""A witness, as its specification has it (c2sp.org/tlog-witness): a small real HTTP server with a key of its own."""

import threading
from base64 import b64decode, b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from projections.log.verify.notes import Checkpoint, NoteError, open_checkpoint, parse_key
from projections.log.verify.tree import EMPTY_ROOT, ProofError, verify_consistency

NAME = "witness.example/w1"
Answer = tuple[int, bytes, str]


class WitnessServer:
    """Leaving it stops it. `answers` are given, once each, in the place of honest ones."""

    def __init__(self, log_key: str, name: str = NAME) -> None:
        self.name = name
        self._log = parse_key(log_key)
        self._key = Ed25519PrivateKey.generate()
        material = b"\x04" + self._key.public_key().public_bytes_raw()
        self._key_id = sha256(name.encode() + b"\n" + material).digest()[:4]
        self.verifier_key = f"{name}+{self._key_id.hex()}+{b64encode(material).decode()}"
        self.seen = Checkpoint(self._log.name, 0, EMPTY_ROOT)
        self.asked: list[tuple[int, int]] = []
        self.answers: list[Answer] = []
        self.now_s = 1_728_043_200
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __enter__(self) -> Self:
        witness = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer, media_type = witness.answer(self.path, body)
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/submit"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.may_answer.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, body: bytes) -> Answer:
        assert self.may_answer.wait(60)
        if path != "/submit/add-checkpoint":
            return 404, b"", "text/plain"
        head, _, note = body.partition(b"\n\n")
        old, *proof = head.decode().split("\n")
        try:
            checkpoint = open_checkpoint(note, self._log)
        except NoteError:
            return 403, b"", "text/plain"
        self.asked.append((int(old.removeprefix("old ")), checkpoint.size))
        return self.answers.pop(0) if self.answers else self._judge(*self.asked[-1], list(map(b64decode, proof)), note)

    def _judge(self, old: int, size: int, proof: list[bytes], note: bytes) -> Answer:
        if old > size:
            return 400, b"", "text/plain"
        if old != self.seen.size:
            return 409, b"%d\n" % self.seen.size, "text/x.tlog.size"
        checkpoint = open_checkpoint(note, self._log)
        try:
            verify_consistency(old, size, proof, self.seen.root, checkpoint.root)
        except ProofError:
            return 422, b"", "text/plain"
        self.seen = checkpoint
        return 200, self.sign(note), "text/plain"

    def sign(self, note: bytes) -> bytes:
        """Return the signature line on a note."""
        self.now_s += 1
        text = note[: note.rindex(b"\n\n") + 1]
        signature = self._key.sign(b"cosignature/v1\ntime %d\n" % self.now_s + text)
        line = self._key_id + self.now_s.to_bytes(8, "big") + signature
        return f"— {self.name} {b64encode(line).decode()}\n".encode()
