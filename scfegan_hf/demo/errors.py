"""Complaints that a person reads: a ValueError of ours is told to the page, or to the API's caller, as it is worded."""

import html
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
import gradio.queueing
from gradio.exceptions import ComponentProcessingError, InvalidPathError
from gradio.utils import error_payload

from scfegan_hf.demo.payload import FileGoneError

log = logging.getLogger(__name__)
OUR_FAULT = "The server made a mistake over this, which is in its log. Try again, or with another picture."
NOT_TAKEN = "What was sent is not what this asks for: files that were uploaded here, whole numbers, nothing more."
# What Gradio raises over input that it did not expect; what the app itself raises comes here in words.
STRANGE = (InvalidPathError, ComponentProcessingError, TypeError, LookupError, ValueError, OSError)
LARGEST_NUMBER = 2**53  # that a page can count to


class Sent:
    """What an event of the page carried, and the reply to it, which has its number."""

    def __init__(self, data: Any):
        self._data = data if isinstance(data, dict) else {}
        number = self._data.get("number")
        self.reply: dict[str, Any] = {"number": number if type(number) is int and abs(number) < LARGEST_NUMBER else 0}

    def get(self, name: str) -> Any:
        return self._data.get(name)


@contextmanager
def answer(event: gr.EventData) -> Iterator[Sent]:
    """What the page sent; a ValueError inside becomes the reply's words, anything else is told in the log alone."""
    sent = Sent(event._data)
    try:
        yield sent
    except ValueError as error:
        sent.reply |= {"said": str(error), "gone": isinstance(error, FileGoneError)}
    except Exception:
        log.exception("An event of the page failed")
        sent.reply |= {"said": OUR_FAULT, "gone": False}


@contextmanager
def spoken_errors() -> Iterator[None]:
    """ValueErrors raised inside are shown to the API's caller in their words, anything else as the server's own mistake."""
    try:
        yield
    except ValueError as error:
        # Gradio renders messages as HTML.
        raise gr.Error(html.escape(str(error), quote=False), print_exception=False) from error
    except gr.Error:
        raise
    except Exception as error:
        log.exception("A call of the API failed")
        raise gr.Error(OUR_FAULT, print_exception=False) from error


def speak_for_gradio() -> None:
    """Have Gradio word what it refuses itself, before the app sees it: it has no setting for that, and would say null."""
    gradio.queueing.error_payload = worded


def worded(error: BaseException | None, show_error: bool) -> dict[str, Any]:
    """What Gradio answers to an error, in words where it would have none."""
    content = error_payload(error, show_error)
    if content["error"] is None:
        content |= {"error": NOT_TAKEN if isinstance(error, STRANGE) else OUR_FAULT}
    return content
