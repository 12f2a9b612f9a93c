"""A small fixed part of benchmarks/hostile.py, which tries what strangers may send."""

import importlib
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def hostile():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).resolve().parent.parent / "benchmarks")
        yield importlib.import_module("hostile")


@pytest.mark.filterwarnings("default")  # Pillow warns of what is odd in a file
@pytest.mark.parametrize("trial", ["pictures", "weights", "flags"])
def test_nothing_fails(hostile, trial):
    hostile.SLOW = float("inf")  # a busy machine is slow
    count, failures = hostile.TRIALS[trial](48)
    assert count > 10 and failures == []


def test_failures_are_seen(hostile, monkeypatch):
    """A package that lets Pillow's words and other errors through does not pass."""
    from scfegan_hf import FaceEditPipeline

    def broken(_, photo, mask):
        raise (ValueError("PIL: cannot identify image") if isinstance(photo, bytes) else KeyError("mode"))

    monkeypatch.setattr(FaceEditPipeline, "__call__", broken)
    count, failures = hostile.try_pictures(2)
    assert len(failures) == count and "KeyError" in failures[-1]
