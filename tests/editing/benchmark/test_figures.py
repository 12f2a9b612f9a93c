"""The benchmark as a whole on drawn faces: rows, intervals, facts, and the command that writes the report."""

import json

import numpy as np
import pytest
from PIL import Image

from scfegan_hf import SCFEGANGenerator
from scfegan_hf.editing.benchmark import baselines, command, figures, judges, report, tasks
from scfegan_hf.editing.benchmark.baselines import Method

NAMES = ("mouth", "hair", "free-form-20")


def obedient(task, given, seed):
    """Black lines and flat colours as they were given, on the fill; noise by seed elsewhere."""
    result = baselines.fill_alone(task, given, seed)
    noise = np.random.default_rng(seed).integers(0, 3, result.shape)
    result[task.mask] += np.minimum(noise[task.mask], 255 - result[task.mask]).astype(np.uint8)
    result[given.painted] = given.color[..., :3][given.painted]
    result[given.sketch] = 0
    return result


def careless(task, given, seed):
    """Like `obedient`, but one pixel outside is lost."""
    result = obedient(task, given, seed)
    y, x = np.argwhere(~task.mask)[0]
    result[y, x] ^= 128
    return result


@pytest.fixture(scope="module")
def found(landmark_rows, squeezenet_file):
    heeds = frozenset({"sketch", "color"})
    methods = {"obedient": Method(obedient, heeds, seeded=True), "careless": Method(careless, heeds)} | baselines.BASELINES
    made = tasks.make_tasks(landmark_rows, range(5), NAMES)
    return figures.run(made, methods, judges=[judges.squeezenet_judge(squeezenet_file)])


def test_there_is_a_row_for_each_face_task_guidance_and_method(found):
    keys = {(row["face"], row["task"], row["guidance"], row["method"]) for row in found.rows}
    assert len(keys) == len(found.rows) == 5 * len(NAMES) * len(tasks.GUIDANCE) * (2 + len(baselines.BASELINES))


def test_an_altered_drawing_has_no_truth(found):
    for row in found.rows:
        lacking = {"masked_l1", "masked_psnr", "masked_ssim", "squeezenet_distance"} - set(row)
        assert bool(lacking) == (row["guidance"] == "altered")


def test_facts_hold_for_who_obeys_and_not_for_who_does_not(found):
    by_method = {name: figures.facts(found, [name]) for name in ("obedient", "careless", "Telea")}
    assert len(by_method["obedient"]) == 7 and all(fact.holds for fact in by_method["obedient"])
    assert [fact.holds for fact in by_method["careless"]] == [False] + [True] * 6
    assert [fact.holds for fact in by_method["Telea"]] == [True] + [False] * 6  # it heeds no drawing


def test_baselines_leave_the_rest_alone_and_the_photograph_is_the_best(found):
    table = figures.tabulate(found)
    both = table["all"]["both"]
    assert all(both[name]["changed_outside"].mean == 0 for name in baselines.BASELINES)
    assert both["careless"]["changed_outside"].mean > 0
    photo = both.pop("the photograph")
    for row in both.values():
        for figure in ("masked_l1", "squeezenet_distance", "squeezenet_frechet"):
            assert photo[figure].mean < row[figure].mean and photo[figure].mean == pytest.approx(0, abs=1e-6)
        assert row["masked_ssim"].mean < photo["masked_ssim"].mean == pytest.approx(1)
    assert both["fill alone"]["color_difference"].mean < both["Poisson paste"]["color_difference"].mean
    assert both["Poisson paste"]["color_difference"].mean < both["Telea"]["color_difference"].mean


def test_diversity_is_measured_for_what_has_a_seed(found):
    table = figures.tabulate(found)["all"]["none"]
    assert table["obedient"]["diversity"].mean == pytest.approx(8 / 9, abs=0.05)  # mean |a - b| of two draws from 0, 1, 2
    assert "diversity" not in table["fill alone"]


def test_what_heeds_no_drawing_is_computed_once(landmark_rows):
    calls = {"deaf": 0, "colours": 0}

    def counting(name):
        def edit(task, given, seed):
            calls[name] += 1
            return task.photo

        return edit

    methods = {"deaf": Method(counting("deaf")), "colours": Method(counting("colours"), frozenset({"color"}))}
    figures.run(tasks.make_tasks(landmark_rows, [0], ["mouth"]), methods)
    assert calls == {"deaf": 1, "colours": 3}  # without colours, with own ones, with altered ones


def test_intervals_cover_the_mean_and_shrink_with_faces():
    rng = np.random.default_rng(0)
    few, many = (figures.bootstrap(rng.normal(3, 1, count)) for count in (10, 400))
    assert few.low < few.mean < few.high and few.faces == 10
    assert 0.15 < many.high - many.low < 0.25  # 2 * 1.96 / sqrt(400)
    covered = [(f.low <= 3 <= f.high) for f in (figures.bootstrap(rng.normal(3, 1, 40)) for _ in range(200))]
    assert 0.88 < np.mean(covered) < 0.99


def test_a_face_with_many_tasks_counts_once():
    rows = [{"face": 0, "task": f"t{n}", "guidance": "none", "method": "m", "seam": 1.0} for n in range(9)]
    rows.append({"face": 1, "task": "t0", "guidance": "none", "method": "m", "seam": 0.0})
    assert figures.tabulate(figures.Run((), rows))["all"]["none"]["m"]["seam"].mean == 0.5


def test_unknown_guidance_is_refused():
    with pytest.raises(ValueError, match="no guidance 'words'.*altered"):
        figures.run([], {}, ["words"])


def test_poisson_paste_carries_the_colours_and_meets_the_border(draw_face):
    photo = np.full((128, 128, 3), 100, np.uint8)
    mask = np.zeros((128, 128), bool)
    mask[40:90, 40:90] = True
    color = np.zeros((128, 128, 4), np.uint8)
    color[60:70, 45:60], color[60:70, 70:85] = (200, 60, 60, 255), (60, 60, 200, 255)
    task = tasks.EditTask("drawn", 0, photo, mask, tasks.Drawing(np.zeros_like(mask), color))
    result = baselines.poisson_paste(task, task.own, 0).astype(int)
    assert result[65, 50, 0] > result[65, 50, 2] + 40 and result[65, 80, 2] > result[65, 80, 0] + 40
    assert np.abs(result[40, 40:90] - 100).max() < 40  # the map alone would be off by 100
    assert (result[~mask] == 100).all()


def test_the_report_has_every_row_and_the_sheet_every_task(tmp_path, prepared, squeezenet_file):
    model = str(tmp_path / "model")
    SCFEGANGenerator.preset("compact", width=4, resolution=128).save_pretrained(model)
    names = ("free-form-10", "free-form-40")
    arguments = {"models": [model, f"other={model}"], "faces": 2, "names": names, "feature_weights": squeezenet_file}
    with pytest.raises(ValueError, match="None of these tasks"):
        command.evaluate([prepared], tmp_path / "none", models=[model], names=["mouth"])
    text = command.evaluate([prepared], tmp_path / "report", guidance=("none", "both"), **arguments)
    stored = json.loads((tmp_path / "report" / "report.json").read_text())
    assert (tmp_path / "report" / "report.md").read_text() == text
    assert set(stored["table"]) == {"all", *names} and set(stored["table"]["all"]) == {"none", "both"}
    assert set(stored["table"]["all"]["both"]) == {"this model", "other", *baselines.BASELINES}
    ours, other = (stored["table"]["all"]["both"][name]["masked_l1"] for name in ("this model", "other"))
    assert ours == other and ours["low"] <= ours["mean"] <= ours["high"]
    assert all(fact["figure"]["mean"] == 0 for fact in stored["facts"] if "outside" in fact["sentence"])
    assert "| both | Telea |" in text and "LPIPS" in text
    sheet = np.asarray(Image.open(tmp_path / "report" / "sheet.png"))
    assert sheet.shape[0] == report.HEAD + 2 * 2 * report.TILE  # two tasks on two faces


def test_models_need_names_of_their_own(tmp_path):
    (tmp_path / "a=b").mkdir()
    named = command.named_models([str(tmp_path / "a=b"), "paper=somewhere"])
    assert named == {"this model": str(tmp_path / "a=b"), "paper": "somewhere"}
    for wrong in (["x=1", "x=2"], ["Telea=1"], ["=1"], ["x="], ["one", "two"]):
        with pytest.raises(ValueError, match="a name of its own"):
            command.named_models(wrong)


def test_exact_figures_are_told_from_estimates():
    estimate = figures.Figure(1.5, 1.4, 1.8, 9)
    exact = figures.Figure(0.0, 0.0, 0.0, 9)
    text = report.task_table({"none": {"m": {"seam": estimate, "changed_outside": exact}}})
    assert "| none | m | 1.500 ± 0.200 | 0 |" in text
