"""What stands before Gradio: strangers' requests are bounded in size and time, nothing is fetched for them, and what is
refused is refused in a sentence.

ASGI middleware. Bodies are read here, whole and within a limit, so that no route has to be trusted with it; uploads, which
are larger, go to demo/receiving.py, piece by piece.
"""

import asyncio
import errno
import logging
import re

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

API = "/gradio_api/"
# What the page, gradio_client, and programs that read the documentation ask for; Gradio has more, some of which fetch.
OPEN = re.compile(
    r"(upload|info|openapi\.json|queue/(join|data|status)|call/.+|run/.+|api/.+|file=.+|heartbeat/.+|cancel|reset|deep_link"
    r"|startup-events|theme\.css|app_id|user|token|login_check|mcp(/.*)?)/?"
)
ADDRESS = re.compile(r"\s*([a-z][a-z0-9+.-]*:|//)", re.IGNORECASE)  # file= takes paths; whatever names a scheme is none
NOT_FETCHED = "Upload the picture itself: nothing is fetched from other addresses."
NOT_SERVED = "There is nothing at this address."
# A drawing on the page takes at most 7 MB: colour as noise 5.6, mask and sketch a quarter of a megabyte each.
MAX_BODY = 8 * 2**20
MAX_HELD = 96 * 2**20  # bytes of all bodies that are on their way in
SECONDS_TO_SEND = 60.0
TOO_LARGE = f"The request has more than {MAX_BODY >> 20} MB. Upload pictures, and send what the upload answered."
TOO_SLOW = f"The request did not arrive within {SECONDS_TO_SEND:.0f} seconds. Try again on a better connection."
BUSY = "The server is busy. Try again in a moment."
NOT_UNDERSTOOD = "The request was not understood. The address and form of each are at /gradio_api/openapi.json."
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
FULL = "The server can keep no more files at the moment. Try again later."


class RefusedError(ValueError):
    """A request that ends here, with an HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str):
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class BodyReader:
    """Reads a request's body piece by piece, at most ``most`` bytes of it and for ``seconds``; RefusedError beyond."""

    def __init__(self, scope: Scope, receive: Receive, most: int, seconds: float, too_large: str = TOO_LARGE):
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        self.receive, self.most, self.too_large = receive, most, too_large
        self.until = asyncio.get_running_loop().time() + seconds
        self.read = 0
        self.more = True
        if announced.isdigit() and int(announced[:20]) > most:
            raise RefusedError(413, too_large)

    async def piece(self) -> bytes:
        """The next piece, b"" where there is none. ConnectionError when the sender is gone."""
        if not self.more:
            return b""
        try:
            message = await asyncio.wait_for(self.receive(), self.until - asyncio.get_running_loop().time())
        except asyncio.TimeoutError as error:
            raise RefusedError(408, TOO_SLOW) from error
        if message["type"] == "http.disconnect":
            raise ConnectionError("The sender hung up.")
        self.more = message.get("more_body", False)
        body = message.get("body", b"")
        self.read += len(body)
        if self.read > self.most:
            raise RefusedError(413, self.too_large)
        return body


class Guard:
    """The middleware; ``seconds``: how long a body may take to arrive."""

    def __init__(self, app: ASGIApp, seconds: float = SECONDS_TO_SEND):
        self.app, self.seconds = app, seconds
        self.held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":
            return  # nothing here speaks by WebSocket; the server then closes it
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        refusal = None
        try:
            _look_at(scope["path"])
            if is_upload(scope):
                return await self.app(scope, receive, answer)
            await self._pass_on(scope, receive, answer)
        except RefusedError as error:
            refusal = error
        except ConnectionError:
            return
        except OSError as error:
            log.exception("A request to %r failed", scope["path"])
            refusal = RefusedError(507, FULL) if error.errno in NO_ROOM else RefusedError(500, BUSY)
        except Exception as error:  # whatever Gradio's routes raise over what they did not expect
            if started and isinstance(error.__cause__ or error, HTTPException):
                return await send({"type": "http.response.body", "body": b""})  # a stream of events has said so in words
            log.warning("A request to %r was not understood", scope["path"], exc_info=error)
            refusal = RefusedError(400, NOT_UNDERSTOOD)
        if refusal is None:
            return
        if started:
            raise refusal
        await refuse(refusal.status, refusal.sentence, scope, receive, send)

    async def _pass_on(self, scope: Scope, receive: Receive, answer: Send) -> None:
        """Have the app answer, its request's body read and bounded."""
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return await self.app(scope, receive, answer)
        reader, pieces, held = BodyReader(scope, receive, MAX_BODY, self.seconds), [], 0
        try:
            while reader.more:
                pieces.append(await reader.piece())
                if self.held + len(pieces[-1]) > MAX_HELD:
                    raise RefusedError(429, BUSY)
                held += len(pieces[-1])
                self.held += len(pieces[-1])
            body: list[Message] = [{"type": "http.request", "body": b"".join(pieces), "more_body": False}]
            pieces.clear()

            async def read() -> Message:
                return body.pop() if body else await receive()

            await self.app(scope, read, answer)
        finally:
            self.held -= held


def is_upload(scope: Scope) -> bool:
    return scope["method"] == "POST" and scope["path"].rstrip("/").endswith(API + "upload")


def _look_at(path: str) -> None:
    """Raises RefusedError for a path that has the server fetch something, and for those that nobody here needs."""
    _, at, asked = path.partition(API)
    if not at:
        if "/monitoring" in path or "/svelte/" in path:
            raise RefusedError(404, NOT_SERVED)
        return
    if asked.startswith("proxy=") or (asked.startswith("file=") and ADDRESS.match(asked.removeprefix("file="))):
        raise RefusedError(403, NOT_FETCHED)
    if not OPEN.fullmatch(asked):
        raise RefusedError(404, NOT_SERVED)


async def refuse(status: int, sentence: str, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a sentence, in the form that Gradio and its clients have for it."""
    await JSONResponse({"detail": sentence, "error": sentence}, status)(scope, receive, send)
