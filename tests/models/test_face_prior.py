"""The Gaussian of faces: what it keeps in bytes, what it guesses, and what it draws."""

import numpy as np
import pytest
import torch

from scfegan_hf.models.face_prior import FacePrior, fit_prior

SIDE = 16


def faces(count: int, seed: int) -> list[np.ndarray]:
    """Discs and bars whose colours go together: what is on the left says what is on the right."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE, :SIDE]
    disc = ((x - 7.5) ** 2 + (y - 7.5) ** 2 < 30)[..., None]
    made = []
    for _ in range(count):
        skin, back, lean = rng.uniform(60, 200, 3), rng.uniform(20, 230, 3), rng.normal(0, 6)
        picture = np.where(disc, skin, back) + lean * (x - 7.5)[..., None]
        made.append(np.clip(picture + rng.normal(0, 2, picture.shape), 0, 255).astype(np.uint8))
    return made


@pytest.fixture(scope="module")
def prior() -> FacePrior:
    return fit_prior(faces(120, 0), components=12, noise=0.002)


def test_components_are_orthonormal_and_even_or_odd(prior):
    basis = prior.basis
    assert (basis.T @ basis - torch.eye(12)).abs().max() < 0.02
    planes = basis.T.unflatten(1, (SIDE, SIDE, 3))
    sign = 1 - 2 * prior.odd.float()[:, None, None, None]
    assert torch.allclose(planes.flip(2), sign * planes, atol=1e-6)
    assert prior.odd.any() and not prior.odd.all()


def test_what_is_erased_is_guessed_from_the_rest(prior):
    unknown = np.zeros((SIDE, SIDE), bool)
    unknown[4:12, 8:] = True
    for face in faces(8, 1):
        truth = face.astype(np.float32) / 127.5 - 1
        hidden = np.where(unknown[..., None], np.float32(0.77), truth)  # whatever lies there does not count
        guessed = prior.guess(hidden, unknown)
        assert np.abs(guessed - truth)[unknown].mean() < 0.06
        assert np.array_equal(guessed, prior.guess(truth, unknown))


def test_draws_are_others_around_the_likeliest(prior):
    unknown = np.zeros((SIDE, SIDE), bool)
    unknown[:, 2:] = True
    truth = faces(1, 2)[0].astype(np.float32) / 127.5 - 1
    likeliest = prior.guess(truth, unknown)
    draws = np.stack([prior.guess(truth, unknown, np.random.default_rng(seed)) for seed in range(60)])
    assert np.array_equal(draws[3], prior.guess(truth, unknown, np.random.default_rng(3)))
    spread = draws.std(0)[unknown].mean()
    assert spread > 0.01 and np.abs(draws.mean(0) - likeliest)[unknown].mean() < 0.5 * spread


def test_codes_of_faces_have_variance_one_and_draw_them_again(prior):
    pictures = torch.from_numpy(np.stack(faces(400, 3))).permute(0, 3, 1, 2).float() / 127.5 - 1
    codes = prior.codes(pictures)
    assert codes.shape == (400, 12) and (codes[:, :6].std(0) - 1).abs().max() < 0.15 and codes.mean().abs() < 0.05
    assert (prior.pictures(codes) - pictures).abs().mean() < 0.05
    torch.testing.assert_close(prior.codes(prior.pictures(codes))[:, :6], codes[:, :6], atol=0.05, rtol=0.05)


def test_it_comes_back_from_a_folder_as_it_went(prior, tmp_path):
    prior.save_pretrained(tmp_path)
    loaded = FacePrior.from_pretrained(tmp_path)
    assert loaded.halves.dtype == torch.int8 and loaded.noise == prior.noise
    unknown = np.ones((SIDE, SIDE), bool)
    face = np.zeros((SIDE, SIDE, 3), np.float32)
    assert np.array_equal(loaded.guess(face, unknown), prior.guess(face, unknown))


def test_too_few_faces_are_refused():
    with pytest.raises(ValueError, match="as many faces"):
        fit_prior(faces(4, 0), components=12)


def test_codes_can_be_differentiated_after_a_guess(prior):
    face = np.zeros((SIDE, SIDE, 3), np.float32)
    fresh = FacePrior(SIDE, 12, 0.002)
    fresh.load_state_dict(prior.state_dict())
    fresh.guess(face, np.zeros((SIDE, SIDE), bool))
    codes = torch.zeros(1, 12, requires_grad=True)
    fresh.pictures(codes).square().sum().backward()
    assert codes.grad.abs().sum() > 0


def test_guessed_codes_are_those_of_the_guess(prior):
    face = faces(1, 9)[0].astype(np.float32) / 127.5 - 1
    unknown = np.zeros((SIDE, SIDE), bool)
    unknown[:, SIDE // 2 :] = True
    for seed in (None, 3):
        draws = [None if seed is None else np.random.default_rng(seed) for _ in range(2)]
        codes = prior.guessed_codes(face, unknown, draws[0])
        picture = prior.pictures(codes[None])[0].permute(1, 2, 0).numpy()
        assert np.abs(picture - prior.guess(face, unknown, draws[1])).max() < 1e-3
