"""Where uploads and results lie, and the name that the outside knows this place by: no answer tells a folder of the server.

Gradio calls a file by its path, in the answer to an upload, in each result, in addresses and complaints, and wants to be told
that path again. The files here lie in a folder NAME, below the one that Gradio would take. On the way out NAME stands for its
whole path, on the way in the path for NAME: what is echoed is what was sent.
"""

import html
import json
import os
from pathlib import Path
from urllib.parse import quote

from gradio.routes import toorjson
from gradio.utils import get_upload_folder
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# The hyphen keeps it, and every path that ends in it, from occurring in base64 by chance; no encoding writes it otherwise.
NAME = "scfegan-uploads"
SHORT = NAME.encode()
# What Gradio puts paths into. Pictures and the page's scripts pass untouched.
TEXTS = ("application/json", "text/event-stream", "text/html", "text/plain")


def use_own_folder() -> str:
    """Have Gradio keep files in a folder NAME, and return its path, in which no link is left."""
    folder = Path(get_upload_folder()).resolve()
    os.environ["GRADIO_TEMP_DIR"] = str(folder if folder.name == NAME else folder / NAME)
    return get_upload_folder()


def path_of(file: str) -> str:
    """The path of a file by the name that the outside knows it by."""
    return file.replace(NAME, get_upload_folder())


class HiddenFolder:
    """ASGI middleware that has the outside know ``folder``, which ends with NAME, by NAME alone.

    Nothing is gathered: requests in JSON are read piece by piece, and each piece of an answer is a text that is whole.
    """

    def __init__(self, app: ASGIApp, folder: str):
        self.app, self.folder = app, folder
        self.in_json = json.dumps(folder)[1:-1].encode()
        # In addresses, in JSON of both kinds, in the page, and in complaints, which are HTML: most folders look alike in all.
        ways = (str, quote, lambda text: json.dumps(text)[1:-1], lambda text: json.dumps(text, ensure_ascii=False)[1:-1])
        texts = (folder, html.escape(folder, quote=False))
        self.spellings = {way(text).encode() for way in (*ways, lambda text: toorjson(text)[1:-1]) for text in texts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        sent_json, held, answers_text = _type(Headers(scope=scope)).endswith("json"), b"", False

        async def read() -> Message:
            nonlocal held
            message = await receive()
            if not sent_json or message["type"] != "http.request":
                return message
            *pieces, last = (held + message.get("body", b"")).split(SHORT)
            whole = max(len(last) - len(SHORT) + 1, 0) if message.get("more_body", False) else len(last)
            held = last[whole:]  # the rest of NAME may be in the next piece
            return {**message, "body": self.in_json.join([*pieces, last[:whole]])}

        async def answer(message: Message) -> None:
            nonlocal answers_text
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                answers_text = _type(headers) in TEXTS
                if answers_text:  # they become shorter, and HTTP does without a length
                    del headers["content-length"]
            elif answers_text:
                for spelling in self.spellings:
                    message["body"] = message.get("body", b"").replace(spelling, SHORT)
            await send(message)

        route, mark, file = scope["path"].partition("/file=")
        return await self.app({**scope, "path": route + mark + file.replace(NAME, self.folder)}, read, answer)


def _type(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
