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


def test_absence_of_the_published_metrics_is_told(monkeypatch):
    real_import = builtins.__import__

    def absent(name, *arguments, **keywords):
        if name.startswith("torch_fidelity"):
            raise ModuleNotFoundError("No module named 'torch_fidelity'")
        return real_import(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(RuntimeError, match=r"torch-fidelity cannot be imported.*pip install torch-fidelity"):
        judges.standard_judge()
