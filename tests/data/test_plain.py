"""Plain pictures, digits and several roles as data: rows of any folder, samples that need no OpenCV."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from scfegan_hf.data import plain
from scfegan_hf.data.plain import digits, middle_square, noise, picture_sample, remember
from scfegan_hf.data.rows import decode_row, load_rows
from scfegan_hf.data.samples import Joined, Samples, samples_of

ROOT = Path(__file__).resolve().parents[2]


def paint(path: Path, value: int, size=(20, 12)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value, 0, 0)).save(path)


@pytest.fixture
def folder(tmp_path) -> str:
    """Twelve pictures whose red is ten times their number."""
    for number in range(12):
        paint(tmp_path / "plain" / f"{number:02}.png", 10 * number)
    return str(tmp_path / "plain")


def reds(rows) -> list[int]:
    return [int(decode_row(row)["image"][0, 0, 0]) for row in rows]


@pytest.mark.parametrize("streaming", [False, True])
def test_every_tenth_picture_of_a_plain_folder_is_held_out(folder, streaming):
    columns = ("image",)
    assert reds(load_rows((folder,), "validation", streaming, columns)) == [0, 100]
    assert reds(load_rows((folder,), "train", streaming, columns)) == [10 * n for n in range(12) if n not in (0, 10)]


def test_a_folder_of_its_own_is_the_validation_split(tmp_path):
    for split, values in (("train", (1, 2, 3)), ("validation", (200,))):
        for value in values:
            paint(tmp_path / "own" / split / f"{value}.png", value)
    assert reds(load_rows((str(tmp_path / "own"),), "train", columns=("image",))) == [1, 2, 3]
    assert reds(load_rows((str(tmp_path / "own"),), "validation", columns=("image",))) == [200]


def test_folders_by_class_are_labels_and_a_table_makes_pairs(tmp_path):
    for number in range(12):
        paint(tmp_path / "classes" / ("cats" if number % 2 else "dogs") / f"{number:02}.png", number)
        paint(tmp_path / "pairs" / f"photo-{number:02}.png", number)
        paint(tmp_path / "pairs" / f"sketch-{number:02}.png", 100 + number)
    labelled = load_rows((str(tmp_path / "classes"),), "train", columns=("image", "label"))
    assert {(red % 2, row["label"]) for red, row in zip(reds(labelled), labelled, strict=True)} == {(1, 0), (0, 1)}
    pairs = [{"file_name": f"photo-{n:02}.png", "target_file_name": f"sketch-{n:02}.png"} for n in range(12)]
    (tmp_path / "pairs" / "metadata.jsonl").write_text("\n".join(map(json.dumps, pairs)))
    pairs = load_rows((str(tmp_path / "pairs"),), "train", columns=("image", "target"))
    seen = [(int(row["image"][0, 0, 0]), int(row["target"][0, 0, 0])) for row in map(decode_row, pairs)]
    assert len(seen) == 10 and all(target == 100 + red for red, target in seen)


def test_what_a_folder_lacks_is_said(folder, tmp_path):
    with pytest.raises(ValueError, match="lacks the columns sketch, landmarks"):
        load_rows((folder,), "train", columns=("image", "sketch", "landmarks"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="has no prepared train data"):
        load_rows((str(tmp_path / "empty"),), "train", columns=("image",))


def test_prepared_faces_are_plain_pictures_too(prepared):
    rows = load_rows((prepared,), "train", columns=("image",))
    assert set(decode_row(rows[0])) == {"image"} and len(rows) == 5


def test_the_middle_is_what_is_seen(folder):
    tall = np.zeros((30, 10, 3), np.uint8)
    tall[10:20] = 200
    assert (middle_square(tall, 5) == 200).all() and middle_square(tall, 20).shape == (20, 20, 3)
    make = partial(picture_sample, side=6, seed=0)
    assert make({"image": tall[..., 0]}, 0)["image"].shape == (3, 6, 6)
    grey = make({"image": tall}, 0, grey=True)["image"]
    assert grey.shape == (1, 6, 6) and grey.max() == pytest.approx(200 / 127.5 - 1)


def test_half_of_the_pictures_are_mirrored():
    picture = np.tile(np.arange(8, dtype=np.uint8)[None, :, None] * 30, (8, 1, 3))
    turned = [picture_sample({"image": picture}, n, side=8, seed=1, mirror=True)["image"][0, 0, 0] > 0 for n in range(200)]
    assert 70 < sum(map(int, turned)) < 130


@pytest.mark.parametrize("side", [6, 12, 30])
def test_remembered_pictures_are_the_same_and_read_once(folder, side, monkeypatch):
    make = partial(picture_sample, side=side, seed=0, grey=True, mirror=True)
    known, kept = (samples_of((folder,), "train", make, 3, ("image",)) for _ in range(2))
    read = []
    monkeypatch.setattr(plain, "decode_row", lambda row: read.append(row) or decode_row(row))
    kept = remember(kept, side)
    for n in range(3 * len(known)):
        assert torch.equal(known[n]["image"], kept[n]["image"])
    assert len(read) == len(known) == 10


def test_pictures_beyond_the_room_are_not_remembered(folder, monkeypatch):
    monkeypatch.setattr(plain, "REMEMBERED", 10 * 3 * 6**2 - 1)
    samples = samples_of((folder,), "train", partial(picture_sample, side=6, seed=0), 0, ("image",))
    rows = samples.rows
    assert remember(samples, 6).rows is rows and samples.decode is decode_row


def test_a_remembered_picture_that_cannot_be_read_is_left_out(folder):
    (Path(folder) / "05.png").write_bytes(b"no picture")
    samples = remember(samples_of((folder,), "train", partial(picture_sample, side=6, seed=0), 0, ("image",)), 6)
    assert sum(int(samples[n]["_skipped"]) for n in range(20)) == 2


def test_noise_is_a_function_of_seed_and_number():
    assert torch.equal(noise(1, 2, 3, 4), noise(1, 2, 3, 4)) and noise(1, 2, 3, 4).shape == (3, 4)
    assert not torch.equal(noise(1, 2, 3, 4), noise(1, 3, 3, 4)) and not torch.equal(noise(1, 2, 3, 4), noise(2, 2, 3, 4))
    many = noise(0, 0, 100, 100, uniform=True)
    assert many.abs().max() <= 1 and many.std().item() == pytest.approx(3**-0.5, rel=0.02)


def test_digits_have_two_splits_of_all_classes():
    train, held = digits("train"), digits("validation")
    assert (len(train), len(held)) == (1617, 180)
    assert {row["label"] for row in held} == set(range(10)) and train[0]["image"].shape == (8, 8)
    assert max(row["image"].max() for row in train) == 255


def test_without_scikit_learn_the_digits_say_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ValueError, match="pip install scikit-learn, or give --train_data_dir"):
        digits("train")


def test_joined_samples_have_both_roles(folder):
    def named(name):
        return lambda row, n, other=None: {name: torch.tensor(n)}

    rows = load_rows((folder,), "train", columns=("image",))
    one, two = Samples(rows, named("a"), 0), Samples(rows.select(range(3)), named("b"), 1)
    joined = Joined(one, two)
    assert len(joined) == 10 and {name: int(value) for name, value in joined[7].items()} == {"a": 7, "b": 7, "_skipped": 0}
    with pytest.raises(ValueError, match="names of their own, not a, a"):
        Joined(one, one)[0]


def test_validation_looks_at_another_row_only_where_that_is_asked_for(folder):
    def make(row, n, other=None):
        return {"other": torch.tensor(other is not None and other(lambda rows, own: [(own + 1) % len(rows)]) is not None)}

    for split, others, there in (("validation", False, False), ("validation", True, True), ("train", False, True)):
        samples = samples_of((folder,), split, make, 0, ("image",), others=others)
        assert bool(samples[0]["other"]) == there


def test_sources_are_mixed_by_weight(folder, tmp_path):
    for number in range(12):
        paint(tmp_path / "other" / f"{number:02}.png", 255)
    both = (folder, str(tmp_path / "other"))
    make = partial(picture_sample, side=4, seed=0)
    samples = samples_of(both, "train", make, 0, ("image",), weights=(0.25, 0.75))
    assert sum(bool(samples[n]["image"][0, 0, 0] == 1) for n in range(1000)) == 750
    with pytest.raises(ValueError, match="one weight for each of the 2 data sources, not 1"):
        samples_of(both, "train", make, 0, ("image",), weights=(1.0,))


def test_samples_of_plain_pictures_need_no_opencv(folder):
    """In a worker process as the trainer starts it, where OpenCV cannot be imported."""
    code = f"""
import sys
sys.modules["cv2"] = None
from scfegan_hf.recipe import Sources
from scfegan_hf.recipes import recipe_class
from scfegan_hf.training.processes import quiet_worker
for name in ("vanilla", "dcgan"):
    dataset = recipe_class(name)().dataset(Sources({{"pictures": ({folder!r},)}}), "train", 16, 0)
    quiet_worker(0)
    print(tuple(dataset[3]["image"].shape))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split("\n")[:2] == ["(1, 16, 16)", "(3, 16, 16)"]
