"""What networks see of edits, and that absent ones are told of."""

import builtins

import numpy as np
import pytest

from scfegan_hf.editing.benchmark import judges


def test_squeezenet_sees_damage_in_the_hole(squeezenet_file, draw_face):
    photo = draw_face(0)["image"]
    mask = np.zeros(photo.shape[:2], bool)
    mask[40:80, 40:80] = True
    judge = judges.squeezenet_judge(squeezenet_file)
    seen, vector = judge.look(photo, mask)
    assert judge.distance(seen, seen) == 0 and vector.shape == (512,)
    rng = np.random.default_rng(0)
    distances, shifts = [], []
    for strength in (5, 60):
        worse = photo.copy()
        worse[mask] = np.clip(photo[mask] + rng.normal(0, strength, (mask.sum(), 3)), 0, 255)
        damaged, moved = judge.look(worse, mask)
        distances.append(judge.distance(damaged, seen))
        shifts.append(np.linalg.norm(moved - vector))
    assert 0 < distances[0] < distances[1] and 0 < shifts[0] < shifts[1]


def test_lpips_sees_damage_of_any_size_and_nothing_in_the_photograph_itself(alexnet_file, draw_face):
    photo = draw_face(0)["image"]
    mask = np.zeros(photo.shape[:2], bool)
    mask[40:80, 40:80] = True
    judge = judges.lpips_judge(alexnet_file)
    seen, vector = judge.look(photo, mask)
    assert judge.distance_name == "lpips_alex" and judge.distance(seen, seen) == 0 and vector.shape == (256,)
    rng = np.random.default_rng(0)
    distances = []
    for strength in (5, 60):
        worse = photo.copy()
        worse[mask] = np.clip(photo[mask] + rng.normal(0, strength, (mask.sum(), 3)), 0, 255)
        distances.append(judge.distance(judge.look(worse, mask)[0], seen))
    assert 0 < distances[0] < distances[1]


def test_texture_is_compared_wherever_it_lies(squeezenet_file):
    rng = np.random.default_rng(0)
    photo = rng.integers(60, 200, (96, 128, 3), np.uint8)
    mask = np.zeros(photo.shape[:2], bool)
    mask[16:80, 24:104] = True
    judge = judges.squeezenet_judge(squeezenet_file)
    elsewhere, smooth = np.roll(photo, (5, 7), (0, 1)), np.full_like(photo, 130)
    here, moved, none = (judge.texture(picture, mask) for picture in (photo, elsewhere, smooth))
    assert judges.texture_distance(here, here) == 0
    assert judges.texture_distance(moved, here) < 0.5 * judges.texture_distance(none, here)


def test_absence_of_the_published_metrics_is_told(monkeypatch):
    real_import = builtins.__import__

    def absent(name, *arguments, **keywords):
        if name.startswith("torch_fidelity"):
            raise ModuleNotFoundError("No module named 'torch_fidelity'")
        return real_import(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(RuntimeError, match=r"torch-fidelity cannot be imported.*pip install torch-fidelity"):
        judges.standard_judge()
