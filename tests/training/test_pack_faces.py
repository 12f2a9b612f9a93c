"""examples/pack_faces.py: pieces hold all rows once, smaller, and train as the whole does."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch

from scfegan_hf.data.rows import load_rows
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.recipe import Sources
from scfegan_hf.recipes.scfegan import SCFEGAN

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "pack_faces.py"


@pytest.fixture
def script(monkeypatch):
    spec = importlib.util.spec_from_file_location("pack_faces", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "SHARD", 1)
    return module


def test_pieces_hold_every_row_once_and_smaller(script, marked, tmp_path):
    pieces = script.pack([marked], tmp_path, 64, megabytes=1e-6)
    assert [piece.name for piece in pieces] == ["00", "01", "02"]  # of three faces to train with, one in each
    folders = [str(piece) for piece in pieces]
    for split, count in (("train", 3), ("validation", 2)):
        before, after = load_rows([marked], split), load_rows(folders, split)
        assert len(before) == len(after) == count
        for one, other in zip(map(decode_face, before), map(decode_face, after), strict=True):
            assert other["image"].shape == (64, 64, 3) and set(other) == set(one)
            np.testing.assert_allclose(2 * other["landmarks"], one["landmarks"], atol=1e-3)
            assert abs(other["image"].mean() - one["image"].mean()) < 2 and other["sketch"].any() == one["sketch"].any()
            assert set(np.unique(other["regions"])) <= set(np.unique(one["regions"]))
    assert script.pack([marked], tmp_path / "whole", 64, megabytes=1)[1:] == []


def test_a_piece_is_something_to_train_with(script, marked, tmp_path):
    (piece,) = script.pack([marked], tmp_path, 128, megabytes=1)
    sample = SCFEGAN(preset="plain", beta=0).dataset(Sources({"faces": (str(piece),)}), "train", 64, seed=0)[3]
    assert sample["image"].shape == (3, 64, 64) and torch.isfinite(sample["image"]).all() and sample["mask"].any()
