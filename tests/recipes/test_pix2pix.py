"""pix2pix's options: what each changes of samples, losses, optimisers and the published generator, and that the rest stays."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scfegan_hf.editing.drawn.lines import BACKDROP, lines_sample
from scfegan_hf.faces.regions import REGIONS
from scfegan_hf.models.pix2pix import PublishedUNet
from scfegan_hf.recipe import Shared, Sources
from scfegan_hf.recipes.pix2pix import Pix2Pix

SIDE = 64
PAPER = Pix2Pix(preset="paper", width=4, colors=0.0, noise=False)


@pytest.fixture
def row() -> dict:
    """A face as rows have it: a dark oval with two bright eyes in front of noise, all of it "skin" but the noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :96]
    head = ((x - 48) / 30) ** 2 + ((y - 48) / 40) ** 2 < 1
    image = np.where(head[..., None], (150, 110, 90), rng.integers(0, 255, (96, 96, 3))).astype(np.uint8)
    for middle in (36, 60):
        image[(x - middle) ** 2 + (y - 42) ** 2 < 16] = 240
    sketch = np.zeros((96, 96), np.uint8)
    sketch[20:76, 30] = 200
    sketch[5:90, 2] = 200  # outside the head
    angles = np.linspace(0, 2 * np.pi, 98)
    points = np.stack([48 + 25 * np.cos(angles), 48 + 30 * np.sin(angles)], 1).astype(np.float32)
    regions = np.where(head, REGIONS.index("skin"), REGIONS.index("background")).astype(np.uint8)
    return {"image": image, "sketch": sketch, "color": image.copy(), "regions": regions, "landmarks": points}


def copied(row: dict) -> dict:
    return {name: value.copy() for name, value in row.items()}


def sample(row: dict, n: int = 0, train: bool = False, **how) -> dict[str, torch.Tensor]:
    return lines_sample(copied(row), n, (lambda choose: None) if train else None, resolution=SIDE, seed=3, **how)


def test_lines_are_of_the_kind_that_is_asked_for(row):
    learned, canny, hand = (sample(row, source=source)["sketch"] for source in ("learned", "canny", "hand"))
    assert torch.equal(sample(row, source="mixed")["sketch"], learned)  # validation knows one kind
    assert learned[0, 15:50, 19:22].any() and not torch.equal(canny, learned) and not torch.equal(hand, learned)
    assert hand.sum() > 30 and not hand[0, :, :2].any()  # along features and outlines, not what the edges say
    without = copied(row)
    without["landmarks"] = np.zeros((0, 2), np.float32)
    assert torch.equal(sample(without, source="learned")["sketch"], learned)


def test_without_a_background_there_is_grey_and_no_line(row):
    kept, removed = sample(row, source="learned"), sample(row, source="learned", background=False)
    grey = BACKDROP / 127.5 - 1
    assert (removed["image"][:, :5, :5] == grey).all() and not (kept["image"][:, :5, :5] == grey).all()
    assert kept["sketch"][0, :, :3].any() and not removed["sketch"][0, :, :3].any()
    assert torch.equal(removed["image"][:, 32, 32], kept["image"][:, 32, 32])


def test_noise_and_colours_can_be_left_out(row):
    with_noise, without = sample(row), sample(row, noise=False)
    assert with_noise["noise"].std() > 0.5 and not without["noise"].any()
    assert all(torch.equal(with_noise[name], without[name]) for name in ("image", "sketch", "color", "color_mask"))
    painted = {share: [sample(row, n, True, colors=share)["color_mask"].any() for n in range(12)] for share in (0.0, 0.5, 1.0)}
    assert not any(painted[0.0]) and 0 < sum(painted[0.5]) < 12 and all(painted[1.0])


def test_options_reach_the_dataset(tiny_source):
    sources = Sources({"faces": (tiny_source(("image", "sketch", "color", "regions", "landmarks")),)})
    plain, bare = (recipe.dataset(sources, "train", SIDE, 0)[0] for recipe in (replace(PAPER, noise=True, colors=1.0), PAPER))
    assert plain["noise"].any() and not bare["noise"].any()
    assert plain["color_mask"].any() and not bare["color_mask"].any()


@pytest.fixture
def batch() -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    pictures = {"image": torch.rand(2, 3, SIDE, SIDE) * 2 - 1, "sketch": (torch.rand(2, 1, SIDE, SIDE) > 0.9).float()}
    nothing = torch.zeros(2, 1, SIDE, SIDE)
    return {**pictures, "color": nothing.expand(-1, 3, -1, -1), "color_mask": nothing, "noise": nothing}


@pytest.mark.parametrize(("kind", "power"), [("l1", 1), ("l2", 2)])
def test_the_error_of_pixels_is_absolute_or_squared(batch, kind, power):
    recipe = replace(PAPER, pixel_loss=kind)
    networks = recipe.networks(SIDE)
    torch.manual_seed(5)
    losses = recipe.published_generator_turn(networks, batch, Shared())
    torch.manual_seed(5)
    with torch.no_grad():
        answer = networks["generator"](torch.cat([batch["sketch"], batch["color"], batch["color_mask"], batch["noise"]], 1))
    assert losses["pixel"].item() == pytest.approx(100 * (answer - batch["image"]).abs().pow(power).mean().item(), rel=1e-4)


def test_both_networks_move_by_the_optimiser_that_is_asked_for():
    for recipe, kind, rate in ((PAPER, "adam", 2e-4), (replace(PAPER, optimizer="sgd", paper_learning_rate=0.01), "sgd", 0.01)):
        assert [(update.optimizer.kind, update.optimizer.learning_rate) for update in recipe.updates()] == [(kind, rate)] * 2
    with pytest.raises(ValueError, match="colors"):
        Pix2Pix(colors=1.5)


def test_the_published_generator_goes_by_the_batch_at_hand_in_use_too():
    torch.manual_seed(0)
    network = PublishedUNet(4, SIDE)
    x = torch.randn(3, 6, SIDE, SIDE)

    def answer(pictures: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(9)  # dropout's
        with torch.no_grad():
            return network(pictures)

    training, use = answer(x), (network.eval(), answer(x))[1]
    assert torch.equal(training, use)
    assert not torch.allclose(answer(x[:1]), use[:1], atol=1e-3)
    assert not any("running" in name for name in network.state_dict())
