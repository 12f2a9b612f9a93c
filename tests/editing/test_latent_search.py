"""Holes filled by a search for the code of a generator whose picture agrees with what is seen."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut

from scfegan_hf.cli import main
from scfegan_hf.editing.latent_search import (
    DCGANCodes,
    FaceCodes,
    FaceSearch,
    How,
    context_loss,
    context_weights,
    poisson,
    search,
)
from scfegan_hf.models.dcgan import DCGANDiscriminator, DCGANGenerator

PHOTO = np.ascontiguousarray(astronaut()[:300, 100:400])
SIDE = 64


@dataclass(frozen=True)
class Planes:
    """Pictures that are sums of three planes; the start is grey."""

    side = SIDE
    limit = 1.0
    how = How(steps=80, rate=0.05, prior=0.0)

    def pictures(self, codes: torch.Tensor) -> torch.Tensor:
        y, x = torch.meshgrid(torch.linspace(-1, 1, SIDE), torch.linspace(-1, 1, SIDE), indexing="ij")
        planes = torch.stack([torch.ones_like(x), x, y])
        return torch.einsum("nc,chw->nhw", codes, planes)[:, None].expand(-1, 3, -1, -1)

    def start(self, seen: torch.Tensor, holes: torch.Tensor, draw) -> torch.Tensor:
        return torch.zeros(len(seen), 3)

    def unlikeliness(self, codes: torch.Tensor, pictures: torch.Tensor) -> torch.Tensor:
        return codes.square().sum(1)


def middle(count: int = 1, side: int = SIDE) -> torch.Tensor:
    holes = torch.zeros(count, 1, side, side)
    holes[:, :, side // 4 : -side // 4, side // 4 : -side // 4] = 1
    return holes


def test_pixels_count_by_what_is_erased_around_them():
    weights = context_weights(middle(), 0.0)[0, 0]
    assert weights.sum() == pytest.approx(1) and (weights[16:48, 16:48] == 0).all()
    row = weights[32]
    assert row[15] / row[14] == pytest.approx(3 / 2) and row[13] / row[14] == pytest.approx(
        1 / 2
    )  # columns of 7 that are erased
    assert row[12] == 0 and row[51] == 0 and row[50] == row[13]
    far = context_weights(middle(), 0.1)[0, 0, 32]
    assert far[0] > 0 and far[0] == far[12] and far[15] / far[0] == pytest.approx(3 / 7 / 0.1)
    with pytest.raises(ValueError, match="Nothing is left"):
        context_weights(torch.ones(1, 1, SIDE, SIDE), 0.1)


def test_the_code_is_found_whatever_was_erased():
    codes, truth = Planes(), torch.tensor([[0.3, -0.4, 0.2], [-0.5, 0.1, 0.6]])
    seen, holes = codes.pictures(truth), middle(2)
    *_, (step, found, pictures) = search(codes, seen, holes, codes.how)
    assert step == 80 and (found - truth).abs().max() < 0.06
    assert torch.equal(pictures, codes.pictures(found).clamp(-1, 1))
    *_, (_, again, _) = search(codes, torch.where(holes > 0, torch.rand_like(seen), seen), holes, codes.how)
    assert torch.equal(found, again)
    alone = list(search(codes, seen[:1], holes[:1], codes.how))[-1][1]
    assert torch.allclose(alone, found[:1], atol=1e-6)  # neighbours in a batch do not matter


def test_codes_are_clipped_and_unlikely_ones_cost():
    codes = Planes()
    bright = torch.full((1, 3, SIDE, SIDE), 3.0)
    steps = list(search(codes, bright, middle(), How(60, 0.05, 0.0)))
    assert len(steps) == 61 and all(found.abs().max() <= 1 for _, found, _ in steps)
    free, held = (list(search(codes, bright, middle(), How(60, 0.05, prior)))[-1][1].norm() for prior in (0.0, 10.0))
    assert held < 0.5 * free


def test_a_dcgans_search_starts_from_the_best_of_many_and_gets_better(tmp_path):
    torch.manual_seed(0)
    DCGANGenerator(8, 8, 16).save_pretrained(tmp_path)
    DCGANDiscriminator(8, 16).save_pretrained(tmp_path / "discriminator")
    codes = DCGANCodes.from_pretrained(tmp_path)
    with torch.no_grad():
        seen, holes = codes.pictures(torch.rand(2, 8) * 2 - 1), middle(2, 16)
    weights = context_weights(holes, 0.0)
    losses = [context_loss(pictures, seen, weights) for _, _, pictures in search(codes, seen, holes, How(40, 0.03, 0.003))]
    other = context_loss(codes.pictures(torch.rand(2, 8) * 2 - 1), seen, weights)
    assert (losses[0] < other).all() and (losses[-1] < 0.8 * losses[0]).all()
    assert (codes.unlikeliness(seen[:, 0, 0, :8], seen) < 0).all()
    assert all(not parameter.requires_grad for parameter in codes.discriminator.parameters())


def test_faces_start_from_the_likeliest_code():
    codes = FaceCodes.from_pretrained(dtype="float32")
    side = codes.prior.resolution
    draw = 0.5 * torch.randn(1, codes.prior.variances.numel(), generator=torch.Generator().manual_seed(1))
    seen = torch.nn.functional.interpolate(codes.prior.pictures(draw), (codes.side, codes.side), mode="bilinear")
    start = codes.start(seen, middle(1, codes.side), None)
    guessed = codes.prior.guess(seen[0, :, 2::4, 2::4].permute(1, 2, 0).numpy(), middle(1, side)[0, 0].numpy() > 0)
    assert np.abs(codes.prior.pictures(start)[0].permute(1, 2, 0).numpy() - guessed).max() < 0.1
    assert not torch.equal(codes.start(seen, middle(1, codes.side), np.random.default_rng(3)), start)
    assert codes.unlikeliness(torch.zeros(1, 5), seen) == 0


def test_poissons_equation_takes_gradients_and_leaves_the_rest():
    rng = np.random.default_rng(0)
    photo = smooth(rng)
    hole = np.zeros((60, 80), bool)
    hole[20:40, 30:50] = True
    answer = np.clip(photo.astype(int) + 40, 0, 255).astype(np.uint8)  # the photograph, but for its light
    erased = np.where(hole[..., None], np.uint8(0), photo)
    joined = poisson(answer, erased, hole, ~hole)
    assert np.array_equal(joined[~hole], photo[~hole])
    assert np.abs(joined.astype(int) - photo)[hole].max() <= 2
    assert np.array_equal(poisson(answer, photo, np.zeros_like(hole), ~hole), photo)


def smooth(rng: np.random.Generator) -> np.ndarray:
    small = Image.fromarray(rng.integers(60, 180, (6, 8, 3)).astype(np.uint8))
    return np.asarray(small.resize((80, 60), Image.Resampling.BICUBIC))


def test_the_command_fills_a_mouth_and_writes_pictures_on_the_way(tmp_path, capsys):
    Image.fromarray(PHOTO).save(tmp_path / "photo.png")
    mask = np.zeros(PHOTO.shape[:2], np.uint8)
    mask[150:190, 90:150] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    common = ["complete", str(tmp_path / "photo.png"), "--mask", str(tmp_path / "mask.png"), "-o", str(tmp_path / "out.png")]
    assert main([*common, "--search", "faces", "--steps", "3", "--out_interval", "2"]) == 0
    assert [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()] == [
        "after 3 steps", "after 0 steps", "after 2 steps",
    ]  # fmt: skip
    last, first = (np.asarray(Image.open(tmp_path / name)) for name in ("out.png", "out-2.png"))
    assert np.array_equal(last[mask == 0], PHOTO[mask == 0]) and (last != first).any()
    assert np.abs(last.astype(int) - PHOTO)[mask > 0].mean() > 1
    assert main([*common, "--search", "dcgan"]) == 1 and "carries no dcgan" in capsys.readouterr().err


def test_what_cannot_be_searched_is_said():
    search = FaceSearch.from_pretrained()
    corner = np.zeros(PHOTO.shape[:2], np.uint8)
    corner[250:290, 10:50] = 255
    with pytest.raises(ValueError, match="Nothing was found to go by"):
        search(PHOTO, corner)
    with pytest.raises(ValueError, match="whole numbers from 0"):
        search(PHOTO, corner, steps=-1)
    with pytest.raises(ValueError, match="faces or dcgan, not 'vae'"):
        FaceSearch.from_pretrained(kind="vae")
