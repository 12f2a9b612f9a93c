"""Samples to train on: a function of (seed, n), of the shapes and ranges that the networks expect."""

import shutil
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from scfegan_hf.data.order import Mixture, SourceOrder, StepSampler
from scfegan_hf.data.pictures import bounds, to_tensors
from scfegan_hf.data.rows import COLUMNS, load_rows
from scfegan_hf.data.samples import StreamedSamples
from scfegan_hf.editing.drawn import masks
from scfegan_hf.editing.drawn import samples as module
from scfegan_hf.editing.drawn.samples import Holes, edit_samples, edits_of, make_edit, make_sample
from scfegan_hf.faces.rows import decode_face
from scfegan_hf.training.processes import make_loader

EDITS = partial(make_edit, resolution=128, seed=3)


@pytest.fixture(params=["landmarks", "canny"])
def rows(request, landmark_rows, prepared):
    """Rows with landmarks and regions, and those of a folder prepared without any network."""
    return landmark_rows if request.param == "landmarks" else load_rows((prepared,), "train")


def test_a_sample_is_a_function_of_seed_and_number(rows):
    samples = edits_of(rows, 64, seed=3)
    forward = [samples[n] for n in range(12)]
    again = edits_of(rows, 64, seed=3)
    for n in reversed(range(12)):  # any order, other object
        assert all(torch.equal(again[n][name], forward[n][name]) for name in forward[n])
    other = edits_of(rows, 64, seed=4)
    assert sum(torch.equal(other[n]["mask"], forward[n]["mask"]) for n in range(12)) <= 1
    assert sum(torch.equal(other[n]["noise"], forward[n]["noise"]) for n in range(12)) == 0


def test_shapes_and_ranges(rows):
    samples = edits_of(rows, 64, seed=0)
    assert len(samples) == len(rows)
    mixes, noises = [], []
    for n in range(30):  # several times the rows: the stream is endless
        sample = samples[n]
        assert {name: tuple(value.shape) for name, value in sample.items()} == {
            "image": (3, 64, 64), "mask": (1, 64, 64), "sketch": (1, 64, 64), "color": (3, 64, 64),
            "color_mask": (1, 64, 64), "noise": (1, 64, 64), "mix": (),
            "_skipped": (),
        }  # fmt: skip
        assert sample.pop("_skipped") == 0
        assert all(value.dtype == torch.float32 and value.isfinite().all() for value in sample.values())
        for name in ("image", "color"):
            assert sample[name].min() >= -1 and sample[name].max() <= 1
        for name in ("mask", "sketch", "color_mask"):
            assert set(sample[name].unique().tolist()) <= {0.0, 1.0}
        assert 0 < sample["mask"].mean() < 0.9
        assert not (sample["color_mask"] * (1 - sample["mask"])).any()
        assert sample["image"].std() > 0.02
        mixes.append(sample["mix"].item())
        noises.append(sample["noise"])
    assert 0 <= min(mixes) < 0.2 and 0.8 < max(mixes) <= 1
    assert torch.cat(noises).mean().abs() < 0.02 and abs(torch.cat(noises).std() - 1) < 0.02


def test_every_pass_takes_every_row_once_in_an_order_of_its_own(landmark_rows):
    samples = edits_of(landmark_rows, 64, seed=0)
    passes = [tuple(samples.row_number(5 * epoch + n) for n in range(5)) for epoch in range(8)]
    assert all(sorted(order) == [0, 1, 2, 3, 4] for order in passes)
    assert len(set(passes)) > 4
    assert samples.row_number(7) == passes[1][2]  # back to an earlier pass


def test_validation_keeps_order_and_colours(landmark_rows):
    samples = edits_of(landmark_rows, 64, seed=0, train=False)
    assert [samples.row_number(n) for n in range(7)] == [0, 1, 2, 3, 4, 0, 1]
    colors = {tuple(color) for color in decode_face(landmark_rows[0])["regions"].reshape(-1, 1)}
    assert len(colors) > 5
    row = decode_face(landmark_rows[0])
    row["image"][:] = (200, 100, 50)
    plain = [make_sample(row, 64, np.random.default_rng(seed), augment=False)["image"] for seed in range(5)]
    jittered = [make_sample(row, 64, np.random.default_rng(seed), augment=True)["image"] for seed in range(5)]
    assert all((image == (200, 100, 50)).all() for image in plain)
    assert len({tuple(image[0, 0]) for image in jittered}) == 5
    assert all(np.abs(image[0, 0].astype(int) - (200, 100, 50)).max() < 70 for image in jittered)


def test_flips_turn_picture_and_drawing_together(landmark_rows):
    """Left is dark and right is bright, unless flipped; the sketch has lines on the left only."""
    row = decode_face(landmark_rows[0])
    row["image"][:, :64], row["image"][:, 64:] = 40, 210
    row["sketch"][:] = 0
    row["sketch"][::8, :64] = 255
    row["landmarks"] = np.zeros((0, 2), np.float32)
    seen = set()
    for seed in range(60):
        sample = make_sample(row, 64, np.random.default_rng(seed), augment=True)
        image, sketch = sample["image"][..., 0].astype(int), sample["sketch"]
        dark = image < image.mean()
        if sketch.any() and image.std() > 50:
            assert (sketch[dark].sum()) > 0.9 * sketch.sum()
            seen.add(bool(dark[:, 0].all()))
    assert seen == {True, False}


def test_crops_reach_from_an_eye_to_the_whole_face(landmark_rows, monkeypatch):
    squares = []
    for name in ("_random_square", "_square_around"):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *args, real=real: squares.append(real(*args)) or squares[-1])
    samples = edits_of(landmark_rows, 32, seed=0)
    for n in range(60):
        samples[n]
    sides = np.array([x1 - x0 for x0, _, x1, _ in squares]) / 128
    assert len(sides) == 60 and sides.min() < 0.35 and sides.max() > 0.9
    assert all(0 <= x0 < x1 <= 128 and 0 <= y0 < y1 <= 128 and x1 - x0 == y1 - y0 for x0, y0, x1, y1 in squares)


def test_eyes_go_with_the_crop(landmark_rows, monkeypatch):
    """Pupils are marked green in the picture; where a free-form stroke may start, the crop is green."""
    row = decode_face(landmark_rows[0])
    row["image"][:] = (200, 40, 40)
    for x, y in row["landmarks"][[96, 97]].round().astype(int):
        row["image"][y - 2 : y + 3, x - 2 : x + 3] = (0, 255, 0)
    given, free_form = [], module.masks.free_form
    monkeypatch.setattr(module.masks, "free_form", lambda *args: given.append(args[2]) or free_form(*args))
    found = 0
    for seed in range(40):
        given.clear()
        image = make_sample(row, 64, np.random.default_rng(seed), augment=False)["image"]
        for x, y in given[0].round().astype(int).clip(0, 63) if given and len(given[0]) else ():
            found += 1
            assert image[y, x, 1] > image[y, x, 0]
    assert found > 10


def test_without_landmarks_there_are_no_feature_holes(landmark_rows, monkeypatch):
    def refuse(*_):
        raise AssertionError("a feature was asked for")

    monkeypatch.setattr(module.masks, "feature", refuse)
    rows = [{**row, "landmarks": []} for row in landmark_rows]
    assert all(edits_of(rows, 32, seed=0)[n]["mask"].any() for n in range(30))
    with pytest.raises(AssertionError, match="a feature was asked for"):
        for n in range(30):
            edits_of(landmark_rows, 32, seed=0)[n]


def test_tensors_keep_values():
    picture = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3) * 10
    flag = np.eye(2, 4, dtype=np.uint8)
    found = to_tensors(picture, flag, 1 - flag, 255 - picture, flag)
    assert torch.equal(found["mask"][0], torch.from_numpy(flag).float())
    torch.testing.assert_close(found["image"][1], torch.from_numpy(picture[..., 1].astype(np.float32)) / 127.5 - 1)
    torch.testing.assert_close(found["color"], -found["image"])


def test_bounds_of_a_mask():
    mask = np.zeros((10, 20), np.uint8)
    mask[3, 5], mask[7, 12] = 1, 1
    assert bounds(mask) == (5, 3, 13, 8)
    with pytest.raises(ValueError, match="mask is empty"):
        bounds(np.zeros((4, 4)))


# rows


def test_rows_of_several_folders_are_joined(prepared):
    alone = load_rows((prepared,), "train")
    assert len(alone) == 5 and alone.column_names == list(COLUMNS)
    assert len(load_rows((prepared, prepared), "train")) == 10
    assert len(load_rows((prepared,), "validation")) == 2


def test_folders_without_a_validation_split_are_left_out_of_it(prepared, tmp_path):
    (tmp_path / "data").mkdir()
    for file in Path(prepared, "data").glob("train-*.parquet"):
        shutil.copy(file, tmp_path / "data")
    assert len(load_rows((prepared, str(tmp_path)), "validation")) == 2
    assert len(load_rows((prepared, str(tmp_path)), "train")) == 10
    with pytest.raises(FileNotFoundError, match="no prepared validation data"):
        load_rows((str(tmp_path),), "validation")


def test_a_folder_without_data_says_how_to_make_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="Run `scfegan prepare PHOTOS"):
        load_rows((str(tmp_path),), "train")


def test_a_folder_of_other_columns_is_refused(tmp_path):
    from datasets import Dataset

    (tmp_path / "data").mkdir()
    Dataset.from_dict({"image": ["a"], "text": ["b"]}).to_parquet(str(tmp_path / "data" / "train-00000.parquet"))
    with pytest.raises(ValueError, match="lacks the columns sketch, color, regions, landmarks"):
        load_rows((str(tmp_path),), "train")


def test_what_is_neither_folder_nor_hub_dataset(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a folder nor a Hub dataset"):
        load_rows((str(tmp_path / "absent"),), "train")
    with pytest.raises(FileNotFoundError, match="neither a folder nor a Hub dataset"):
        load_rows(("someone/absent-from-the-cache",), "train")


def test_a_broken_picture_names_its_column(landmark_rows):
    with pytest.raises(ValueError, match="'sketch' of a row is not a picture that can be read"):
        decode_face({**landmark_rows[0], "sketch": {"bytes": b"nothing", "path": None}})


# StepSampler


def numbers(first: int, last: int, batch: int, process: int = 0, processes: int = 1) -> list[list[int]]:
    return list(StepSampler(first, last, batch, process, processes))


def test_accumulated_batches_and_any_number_of_processes_take_the_same_samples():
    step = [list(range(8 * s, 8 * s + 8)) for s in range(3)]
    assert numbers(0, 3, 8) == step
    parts = list(StepSampler(0, 3, 4, 0, 1, accumulation=2))
    assert len(parts) == len(StepSampler(0, 3, 4, 0, 1, accumulation=2)) == 6
    assert [a + b for a, b in zip(parts[::2], parts[1::2], strict=True)] == step
    both = [list(StepSampler(0, 3, 2, process, 2, accumulation=2)) for process in (0, 1)]
    assert [[n for parts in both for part in parts[2 * s : 2 * s + 2] for n in part] for s in range(3)] == step
    # Going on after 16 samples, whatever the layout was before.
    assert list(StepSampler(5, 6, 8, 0, 1, first_sample=16)) == [step[2]]


def test_two_processes_take_the_samples_of_one_with_twice_the_batch():
    one = numbers(0, 6, 8)
    two = [a + b for a, b in zip(numbers(0, 6, 4, 0, 2), numbers(0, 6, 4, 1, 2), strict=True)]
    assert two == one
    assert [n for batch in one for n in batch] == list(range(48))


def test_going_on_is_the_tail():
    whole = numbers(0, 10, 3, 1, 2)
    assert numbers(4, 10, 3, 1, 2) == whole[4:]
    assert len(StepSampler(4, 10, 3, 1, 2)) == 6 and len(StepSampler(10, 10, 3, 0, 1)) == 0
    assert numbers(12, 10, 3) == [] and len(StepSampler(12, 10, 3, 0, 1)) == 0


def test_workers_give_the_same_batches(prepared):
    from torch.utils.data import DataLoader

    samples = edits_of(load_rows((prepared,), "train"), 32, seed=0)
    for batch, chosen in zip(DataLoader(samples, batch_sampler=StepSampler(2, 4, 2, 0, 1)), ([4, 5], [6, 7]), strict=True):
        assert torch.equal(batch["image"], torch.stack([samples[n]["image"] for n in chosen]))


def test_shares_of_holes_add_up():
    for features in (0.0, 0.84, 1.0):
        shares = Holes(features).shares()
        assert sum(shares.values()) == pytest.approx(1) and shares["feature"] == features and min(shares.values()) >= 0
    for wrong in (Holes(1.2), Holes(transplants=-0.1)):
        with pytest.raises(ValueError, match="is between 0 and 1"):
            wrong.shares()


def test_the_recipe_says_which_holes(landmark_rows, monkeypatch):
    asked = []
    monkeypatch.setattr(masks, "often_erased", lambda rng: asked.append(0) or "mouth")
    monkeypatch.setattr(masks, "feature", lambda *args, real=masks.feature: asked.append(1) or real(*args))
    for features in (0.0, 0.5, 1.0):
        samples = edits_of(landmark_rows, 64, seed=0, holes=Holes(features, 0.0))
        for n in range(40):
            samples[n]
        assert abs(sum(asked) / 40 - features) < 0.2
        asked.clear()


def streamed(prepared, batches):
    stream = StreamedSamples([load_rows((prepared,), "train", streaming=True)], EDITS, 3, buffer=4, decode=decode_face)
    return list(make_loader(stream, batches, 2, pin_memory=False))


def test_a_stream_gives_every_row_in_each_pass_and_resumes_where_it_stopped(prepared):
    whole = streamed(prepared, StepSampler(0, 5, 2, 0, 1))  # 10 samples, 5 rows: two passes
    assert [len(batch["mix"]) for batch in whole] == [2] * 5
    assert whole[0]["image"].shape == (2, 3, 128, 128)
    tail = streamed(prepared, StepSampler(3, 5, 2, 0, 1))
    assert all(torch.equal(a[key], b[key]) for a, b in zip(whole[3:], tail, strict=True) for key in a)
    stream = StreamedSamples([load_rows((prepared,), "train", streaming=True)], EDITS, 3, buffer=4, decode=decode_face)
    rows = taken(stream, 10)
    assert sorted(rows[:5]) == sorted(rows[5:]) and len(set(rows[:5])) > 1 and rows[:5] != rows[5:]


def taken(stream, count: int, process: int = 0, processes: int = 1) -> list[bytes]:
    """The first rows that a process takes from a stream's first source, by their lines."""
    rows = stream._endless(stream.sources[0], process, processes)
    return [row["sketch"]["bytes"] for row, _ in zip(rows, range(count), strict=False)]


@pytest.mark.parametrize("files", [1, 2])
def test_processes_share_a_stream_without_overlap(prepared, tmp_path, files):
    """By whole files where they divide by the processes, else by rows."""
    from datasets import Dataset

    table = load_rows((prepared,), "train")
    (tmp_path / "data").mkdir()
    for number in range(files):
        rows = [{**table[i], "sketch": {"bytes": b"%d-%d" % (number, i), "path": None}} for i in range(4)]
        Dataset.from_list(rows, features=table.features).to_parquet(str(tmp_path / "data" / f"train-{number:05d}.parquet"))
    stream = StreamedSamples([load_rows((str(tmp_path),), "train", streaming=True)], EDITS, 3, buffer=3, decode=decode_face)
    everything = sorted(b"%d-%d" % (number, i) for number in range(files) for i in range(4))
    two_passes = [taken(stream, 4 * files, process, 2) for process in (0, 1)]
    for first in (0, 2 * files):
        shares = [rows[first : first + 2 * files] for rows in two_passes]
        assert sorted(shares[0] + shares[1]) == everything
        if files == 2:
            assert len({name.split(b"-")[0] for name in shares[0]}) == 1  # a file of its own


def test_a_stream_of_several_sources_is_mixed_by_weight_and_resumes(prepared):
    rows = load_rows((prepared,), "train", streaming=True)

    def first(sampler, weights):
        stream = StreamedSamples([rows, rows.take(1)], EDITS, 3, buffer=4, weights=weights, decode=decode_face)
        stream.take(sampler)
        return [sample["image"] for sample in stream]

    whole = first(StepSampler(0, 3, 2, 0, 1), (1, 3))
    tail = first(StepSampler(1, 3, 2, 0, 1), (1, 3))
    assert all(torch.equal(a, b) for a, b in zip(whole[2:], tail, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(whole, first(StepSampler(0, 3, 2, 0, 1), (3, 1)), strict=True))


# mixing


def test_weights_set_the_shares_of_sources(prepared):
    mixed = edit_samples((prepared, prepared), "train", 128, seed=0, weights=(1, 4))
    chosen = [mixed.row_number(n) for n in range(1000)]
    assert len(mixed) == 10 and sum(row >= 5 for row in chosen) == 800
    assert {chosen.count(row) for row in range(5)} == {40} and {chosen.count(row) for row in range(5, 10)} == {160}
    plain = edit_samples((prepared, prepared), "train", 128, seed=0)
    assert sorted(plain.row_number(n) for n in range(10)) == list(range(10))
    held_out = edit_samples((prepared, prepared), "validation", 128, seed=0, weights=(1, 4))
    assert [held_out.row_number(n) for n in range(4)] == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="one weight for each of the 2"):
        edit_samples((prepared, prepared), "train", 128, seed=0, weights=(1,))


@pytest.mark.parametrize("weights", [(1, 0), (1, -1), (1e-5, 1)])
def test_weights_that_leave_a_source_out_are_refused(weights):
    with pytest.raises(ValueError, match="Weights of data sources must be"):
        SourceOrder(weights, seed=0)


def test_a_mixture_is_a_function_of_seed_and_number():
    one, two = Mixture([7, 50], (0.3, 0.7), seed=4), Mixture([7, 50], (0.3, 0.7), seed=4)
    numbers = [5, 2500, 17, 999, 1000, 3]
    assert [one(n) for n in numbers] == [two(n) for n in reversed(numbers)][::-1]
    first = [n for n in range(2000) if one(n) < 7]
    assert len(first) == 600 and {one(n) for n in first[7:14]} == set(range(7))  # passes go on over blocks
    assert [one(n) for n in range(20)] != [Mixture([7, 50], (0.3, 0.7), seed=5)(n) for n in range(20)]


# rows that cannot be read


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda row: {"image": {"bytes": b"nothing", "path": None}}, "not a picture"),
        (lambda row: {"image": {"bytes": b"", "path": None}}, "not a picture"),
        (lambda row: {"image": {"bytes": jpeg()[:-700], "path": None}}, "damaged or cut short"),
        (lambda row: {"sketch": {"bytes": row["sketch"]["bytes"][:200], "path": None}}, "damaged or cut short"),
        (lambda row: {"image": {"bytes": jpeg(64), "path": None}}, "not of its photograph's size"),
        (lambda row: {"image": {"bytes": None, "path": "/absent/face.jpg"}}, "No such file"),
    ],
)
def test_a_row_that_cannot_be_read_is_replaced_counted_and_named(landmark_rows, caplog, damage, message):
    rows = list(landmark_rows)
    rows[2] = {**rows[2], **damage(rows[2])}
    samples = edits_of(rows, 32, seed=0)
    found = [samples[n] for n in range(10)]
    assert sum(int(sample["_skipped"]) for sample in found) == 2  # two passes
    assert "Row 2 is left out" in caplog.text and message in caplog.text
    assert all(sample["image"].std() > 0 for sample in found)


def jpeg(size: int = 128) -> bytes:
    picture = np.random.default_rng(0).integers(0, 255, (size, size, 3), np.uint8)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def test_when_no_row_can_be_read_it_says_so(landmark_rows):
    rows = [{**row, "image": {"bytes": b"nothing", "path": None}} for row in landmark_rows]
    with pytest.raises(ValueError, match="50 rows one after another could not be read.*not a picture"):
        edits_of(rows, 32, seed=0)[0]
