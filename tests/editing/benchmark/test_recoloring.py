"""Recolouring measured: figures that can tell a good one from a flat, a pale and a smeared one."""

import json

import cv2
import numpy as np
import pytest

from scfegan_hf.editing.benchmark import recoloring
from scfegan_hf.editing.benchmark.command import evaluate_recoloring


@pytest.fixture(scope="module")
def dabs(landmark_rows):
    return list(recoloring.make_dabs(landmark_rows, [0, 1]))


def test_each_part_gets_a_dab_on_it_in_another_colour(dabs):
    names = {dab.name for dab in dabs}
    assert {"lips", "hair"} <= names <= set(recoloring.COLORS)
    for dab in dabs:
        painted = dab.color[..., 3] > 0
        assert (painted & dab.core).any() and (painted & dab.mask).any() and not (dab.core & dab.ring).any()
        assert recoloring.measure(dab, dab.photo)["color_difference"] > 5


def test_the_same_seed_gives_the_same_dabs(landmark_rows, dabs):
    again = list(recoloring.make_dabs(landmark_rows, [1]))
    own = [dab for dab in dabs if dab.face == 1]
    assert len(again) == len(own) > 1
    assert all(np.array_equal(a.color, b.color) for a, b in zip(again, own, strict=True))


def test_figures_tell_what_is_wrong(dabs):
    dab = next(dab for dab in dabs if dab.name == "hair")
    flat, smeared = dab.photo.copy(), dab.photo.copy()
    flat[dab.core] = dab.wanted
    flat[dab.core, 0] = flat[dab.core, 0] ^ np.random.default_rng(0).integers(0, 2, int(dab.core.sum())).astype(np.uint8)
    smeared[dab.ring] = 255 - smeared[dab.ring]
    untouched = recoloring.measure(dab, dab.photo)
    assert untouched["detail_kept"] > 0.999 and untouched["bleeding"] == 0
    assert recoloring.measure(dab, flat)["detail_kept"] < 0.5 and recoloring.measure(dab, flat)["color_difference"] < 1
    assert recoloring.measure(dab, smeared)["bleeding"] > 20


def test_a_refusal_counts_as_no_change(dabs):
    def refuse(dab):
        raise ValueError("no")

    table, sheet = recoloring.run(dabs[:2], {"refuse": refuse, "the photograph": lambda dab: dab.photo})
    assert table["all"]["refuse"]["refused"].mean == 1 and table["all"]["the photograph"]["refused"].mean == 0
    assert table["all"]["refuse"]["detail_kept"].mean > 0.999
    assert sheet.shape == (2 * recoloring.TILE, 4 * recoloring.TILE, 3)


def test_a_report_is_written(marked, first_network, tmp_path):
    text = evaluate_recoloring([marked], tmp_path, first_network, faces=1)
    assert "| lips | redraw |" in text and (tmp_path / "report.md").read_text() == text
    table = json.loads((tmp_path / "report.json").read_text())["table"]["recolor"]
    assert set(table["all"]) == {"recolour", "redraw", "the photograph"}
    assert cv2.imread(str(tmp_path / "sheet.png")).shape[1] == 5 * recoloring.TILE
    with pytest.raises(ValueError, match="--faces"):
        evaluate_recoloring([marked], tmp_path, faces=0)
