"""Complaints that a person reads: a ValueError of ours is told to the page, or to the API's caller, as it is worded."""

import html
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from scfegan_hf.demo.payload import FileGoneError


class Sent:
    """What an event of the page carried, and the reply to it, which has its number."""

    def __init__(self, data: Any):
        self._data = data if isinstance(data, dict) else {}
        number = self._data.get("number")
        self.reply: dict[str, Any] = {"number": number if type(number) is int else 0}

    def get(self, name: str) -> Any:
        return self._data.get(name)


@contextmanager
def answer(event: gr.EventData) -> Iterator[Sent]:
    """What the page sent; a ValueError inside becomes the reply's words."""
    sent = Sent(event._data)
    try:
        yield sent
    except ValueError as error:
        sent.reply |= {"said": str(error), "gone": isinstance(error, FileGoneError)}


@contextmanager
def spoken_errors() -> Iterator[None]:
    """ValueErrors raised inside are shown to the API's caller; anything else stays a server error."""
    try:
        yield
    except ValueError as error:
        # Gradio renders messages as HTML.
        raise gr.Error(html.escape(str(error), quote=False), print_exception=False) from error
