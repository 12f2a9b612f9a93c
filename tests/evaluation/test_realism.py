"""Fréchet distance, the classifier and its two scores, on sets of vectors made for them."""

import builtins

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize

from scfegan_hf.evaluation import realism


def cloud(count, size=8, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, (count, size))


@pytest.mark.parametrize("count", [5, 40])  # fewer than dimensions, and more
def test_frechet_distance_is_the_formula(count):
    first, second = cloud(count), cloud(count + 3, shift=0.5, seed=1) * 1.5
    a, b = np.cov(first.T), np.cov(second.T)
    root = scipy.linalg.sqrtm(a @ b).real
    wanted = ((first.mean(0) - second.mean(0)) ** 2).sum() + np.trace(a + b - 2 * root)
    assert realism.frechet_distance(first, second) == pytest.approx(wanted, rel=1e-5)
    assert realism.frechet_distance(first, first) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("size", [3, 60])
def test_the_svm_minimises_its_loss(size):
    vectors = np.concatenate([cloud(20, size, 0.3), cloud(20, size, -0.3, seed=1)])
    positive = np.repeat([True, False], 20)
    x, y = np.column_stack([vectors, np.ones(40)]), np.where(positive, 1, -1)

    def loss(w):
        return w @ w / 2 + (np.maximum(1 - y * (x @ w), 0) ** 2).sum()

    found = realism.linear_svm(vectors, positive)
    assert loss(found) <= scipy.optimize.minimize(loss, np.zeros(size + 1)).fun + 1e-6


def test_results_like_photographs_cannot_be_told_and_others_can():
    faces = np.repeat(np.arange(50), 4)
    real = cloud(200)
    alike = real + np.random.default_rng(5).normal(0, 1e-3, real.shape)
    unpaired, paired = realism.indiscriminability(real, alike, faces, held_out=True)
    assert unpaired == pytest.approx(0.5, abs=0.05) and 0.3 < paired < 0.7
    unpaired, paired = realism.indiscriminability(real, real + 3, faces, held_out=True)
    assert unpaired < 0.02 and paired < 0.02
    assert realism.indiscriminability(real, real, faces, held_out=True) == (0.5, 0.5)


def test_small_sets_need_held_out_faces():
    """In more dimensions than pictures anything is told apart once it is known, and nothing once it is not."""
    real, fake, faces = cloud(20, 200), cloud(20, 200, seed=1), np.arange(20)
    known, _ = realism.indiscriminability(real, fake, faces, held_out=False)
    unknown, _ = realism.indiscriminability(real, fake, faces, held_out=True)
    assert known == 0 and unknown > 0.25
    assert np.isnan(realism.indiscriminability(real, fake, np.zeros(20), held_out=True)).all()


def test_squeezenet_sees_damage_in_the_hole(squeezenet_file, draw_face):
    photo = draw_face(0)["image"]
    mask = np.zeros(photo.shape[:2], bool)
    mask[40:80, 40:80] = True
    judge = realism.squeezenet_judge(squeezenet_file)
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
    with pytest.raises(RuntimeError, match=r"torch-fidelity cannot be imported.*scfegan_hf\[evaluate\]"):
        realism.standard_judge()
