"""Complaints that a person reads: a ValueError of ours becomes the message of a Gradio error."""

import html
from collections.abc import Iterator
from contextlib import contextmanager

import gradio as gr


@contextmanager
def spoken_errors() -> Iterator[None]:
    """ValueErrors raised inside are shown to the user as they are worded; anything else stays a server error."""
    try:
        yield
    except ValueError as error:
        # Gradio renders messages as HTML.
        raise gr.Error(html.escape(str(error), quote=False), print_exception=False) from error
