"""The web app: a photograph in, draw on it in three layers, the edited photograph out."""

from scfegan_hf.demo.app import build_app, launch

__all__ = ["build_app", "launch"]
