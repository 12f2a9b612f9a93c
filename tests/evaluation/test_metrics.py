"""Figures of an edit against values known by construction."""

import numpy as np
import pytest

from scfegan_hf.evaluation import edits, metrics


def test_masked_psnr_counts_the_hole_only():
    truth = np.zeros((8, 8, 3), np.uint8)
    mask = np.zeros((8, 8), bool)
    mask[2:4] = True
    result = truth.copy()
    result[2:4] = 16
    result[6] = 255  # outside
    assert metrics.masked_psnr(result, truth, mask) == pytest.approx(20 * np.log10(255 / 16))


def test_sketch_recall_sees_edges_within_reach():
    result = np.full((64, 64, 3), 40, np.uint8)
    result[32:] = 200
    mask = np.ones((64, 64), bool)
    sketch = np.zeros((64, 64), bool)
    sketch[33] = True
    assert metrics.sketch_recall(result, sketch, mask) > 0.95
    sketch[33], sketch[10] = False, True
    assert metrics.sketch_recall(result, sketch, mask) == 0
    assert np.isnan(metrics.sketch_recall(result, np.zeros_like(sketch), mask))


def test_color_difference_is_that_of_lab():
    result, color = np.full((4, 4, 3), 255, np.uint8), np.zeros((4, 4, 3), np.uint8)
    painted = np.eye(4, dtype=bool)
    assert metrics.color_difference(result, color, painted) == pytest.approx(100, abs=0.1)  # white to black in L
    assert metrics.color_difference(color, color, painted) == 0


def test_evaluation_ranks_the_photograph_itself_first():
    rng = np.random.default_rng(0)
    photo = rng.integers(0, 255, (128, 128, 3), np.uint8)
    mask = np.zeros((128, 128), bool)
    mask[40:80, 40:80] = True
    sketch = np.zeros_like(mask)
    sketch[60, 45:75] = True
    task = edits.EditTask("feature", photo, mask, sketch, np.zeros((128, 128, 4), np.uint8))
    table = edits.evaluate({"truth": lambda t: t.photo, "fill": edits.fill_alone, "Telea": edits.telea}, [task])
    assert table["truth"]["all/masked_psnr"] > 60 > table["fill"]["all/masked_psnr"]
    assert table["Telea"]["all/changed_outside"] == table["fill"]["all/changed_outside"] == 0
    assert "| fill |" in edits.to_markdown(table) and edits.contact_sheet([task], {"t": [photo]}).shape == (128, 384, 3)
