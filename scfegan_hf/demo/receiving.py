"""Uploads: a few files in one request, each whole or not there, under names that the rest of Gradio takes.

This takes the place of Gradio's own route, which takes a thousand files of any number of bytes together, leaves what was
cut off midway in its folder, and refuses later to read what it let be called ".photo.png".
"""

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from scfegan_hf.demo.guard import BUSY, FULL, BodyReader, RefusedError, is_upload
from scfegan_hf.demo.payload import MAX_UPLOAD_BYTES

MAX_FILES = 4  # photo, mask, sketch, colour
MAX_UPLOADS = 32  # at a time
SECONDS_TO_UPLOAD = 300.0  # 20 MB at 70 kB a second
LEAST_FREE = 2**30  # bytes of the disk that uploads leave free
TOO_LARGE = f"A picture may have {MAX_UPLOAD_BYTES >> 20} MB at most. Choose a smaller file."
TOO_MANY = f"At most {MAX_FILES} files are taken at once."
NO_FORM = "Send the files as a form, multipart/form-data, in fields called files."


class Uploads:
    """ASGI middleware that answers uploads itself; ``folder``: where the files go, each in a folder of its digest's name."""

    def __init__(self, app: ASGIApp, folder: str, seconds: float = SECONDS_TO_UPLOAD):
        self.app, self.folder, self.seconds = app, Path(folder), seconds
        self.now = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_upload(scope):
            return await self.app(scope, receive, send)
        if self.now >= MAX_UPLOADS:
            raise RefusedError(429, BUSY)
        self.now += 1
        try:
            reader = BodyReader(scope, receive, MAX_FILES * MAX_UPLOAD_BYTES + 2**16, self.seconds, TOO_LARGE)
            paths = await self._received(Headers(scope=scope), reader)
        finally:
            self.now -= 1
        await JSONResponse(paths)(scope, receive, send)

    async def _received(self, headers: Headers, reader: BodyReader) -> list[str]:
        """Paths of the request's files. RefusedError for too many, too large ones, or no form."""
        if not headers.get("content-type", "").startswith("multipart/form-data"):
            raise RefusedError(400, NO_FORM)

        async def pieces() -> AsyncIterator[bytes]:
            while reader.more:
                yield await reader.piece()

        # Files beyond a megabyte lie on the disk, without a name: they are gone with this process, however that ends.
        parser = MultiPartParser(headers, pieces(), max_files=MAX_FILES, max_fields=16, max_part_size=2**12)
        try:
            form = await parser.parse()
        except RefusedError:
            raise
        except (MultiPartException, KeyError, ValueError) as error:
            raise RefusedError(400, TOO_MANY if "Too many files" in str(error) else NO_FORM) from error
        try:
            files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
            if any((file.size or 0) > MAX_UPLOAD_BYTES for file in files):
                raise RefusedError(413, TOO_LARGE)
            return [await run_in_threadpool(keep, file.file, file.filename or "", self.folder) for file in files]
        finally:
            await form.close()


def keep(file: BinaryIO, name: str, folder: Path) -> str:
    """Write a file into ``folder`` under its digest and a harmless name, whole or not at all; returns its path.

    RefusedError where the disk is nearly full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < LEAST_FREE:
        raise RefusedError(507, FULL)
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _digest(file)
    file.seek(0)
    partial = folder / f"{secrets.token_hex(16)}.partial"
    try:
        with partial.open("xb") as opened:
            shutil.copyfileobj(file, opened)
        path = folder / digest / harmless(name)
        path.parent.mkdir(exist_ok=True)
        try:
            os.replace(partial, path)
        except FileNotFoundError:  # the cleaner took the folder away, which was empty
            path.parent.mkdir(exist_ok=True)
            os.replace(partial, path)
        return str(path)
    finally:
        partial.unlink(missing_ok=True)


def _digest(file: BinaryIO) -> str:
    """Before Python 3.11."""
    digest = hashlib.sha256()
    while piece := file.read(2**20):
        digest.update(piece)
    return digest.hexdigest()


def harmless(name: str) -> str:
    """A file name of letters, digits, ``_``, ``-`` and one dot, that begins with none of the latter two."""
    stem, _, ending = name.replace("\\", "/").rpartition("/")[2].rpartition(".")
    stem, ending = (re.sub(r"[^\w-]+", "-", text).strip("-")[:50] for text in ((stem, ending) if stem else (ending, "")))
    return f"{stem or 'picture'}.{ending}" if ending else stem or "picture"
