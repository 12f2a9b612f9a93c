"""The web app: a photograph in, draw on it in three layers, the edited photograph out; as a server or as a static site.

What the server needs is imported when it is first asked for, so that `scfegan export --web` does without Gradio.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scfegan_hf.demo.app import build_app, launch

__all__ = ["build_app", "launch"]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from scfegan_hf.demo import app

    return getattr(app, name)
