"""The cascade's turn: what the refiner is given, which windows are looked at, and which terms it pays."""

import pytest
import torch
from torch.nn import functional as F

from scfegan_hf.conditioning import assemble, blend
from scfegan_hf.recipe import Shared, Sources
from scfegan_hf.recipes.cascade import Cascade, cut, fine_detail, first_answer, window_places


@pytest.fixture
def recipe(tiny_options):
    return Cascade(**tiny_options["cascade"])


@pytest.fixture
def batch(recipe, marked):
    dataset = recipe.dataset(Sources({"faces": (marked,)}), "train", 128, seed=0)
    return torch.utils.data.default_collate([dataset[n] for n in range(2)])


def test_the_refiner_gets_the_first_networks_answer_enlarged(recipe, batch):
    networks = recipe.networks()
    given = first_answer(networks["first"], batch)
    image, mask = batch["image"], batch["mask"]
    assert given.shape == (2, 10, 128, 128)
    assert torch.equal(given[:, :3] * (1 - mask), image * (1 - mask))
    assert torch.equal(given[:, 7:8], mask)
    small_mask = F.max_pool2d(mask, 2)
    assert (F.interpolate(small_mask, scale_factor=2) >= mask).all()
    # By hand, for a drawing without colours.
    batch["color_mask"] = torch.zeros_like(mask)
    parts = [F.avg_pool2d(image, 2), small_mask, F.max_pool2d(batch["sketch"] * mask, 2), torch.zeros(2, 3, 64, 64)]
    small = assemble(*parts, torch.zeros(2, 1, 64, 64), (batch["noise"] * mask)[..., ::2, ::2], fill="walls", color_flag=True)
    enlarged = F.interpolate(networks["first"](small), scale_factor=2, mode="bicubic").clamp(-1, 1)
    torch.testing.assert_close(first_answer(networks["first"], batch)[:, :3], blend(enlarged, image, mask))


def test_the_first_network_does_not_see_what_was_in_the_hole(recipe, batch):
    networks = recipe.networks()
    before = first_answer(networks["first"], batch)
    batch["image"] = batch["image"] + batch["mask"]
    torch.testing.assert_close(first_answer(networks["first"], batch), before)


def test_windows_lie_on_the_grid_and_hold_hole(batch):
    places = window_places(batch["mask"], batch["mix"], 64, 3, 16)
    assert [sample for sample, _, _ in places] == [0, 0, 0, 1, 1, 1]
    assert all(top % 16 == left % 16 == 0 and 0 <= top <= 64 and 0 <= left <= 64 for _, top, left in places)
    assert cut(batch["mask"], places, 64).flatten(1).any(1).all()


def test_terms_weigh_what_they_are_given(tiny_options, batch):
    single = Cascade(**{**tiny_options["cascade"], "projected_beta": 1.0, "pixel": 1.0, "coarse": 1.0})
    double = Cascade(**{**tiny_options["cascade"], "projected_beta": 2.0, "pixel": 2.0, "coarse": 2.0, "lpips": 2.0})
    networks = single.networks()
    networks["projected"].eval()
    one, two = single.refiner_turn(networks, batch, Shared()), double.refiner_turn(networks, batch, Shared())
    assert set(one) == {"pixel", "coarse", "lpips", "adversarial"}
    for name, value in one.items():
        torch.testing.assert_close(two[name], 2 * value)
    assert one["pixel"] > one["coarse"] > 0  # means of errors are no larger than errors


def test_without_a_discriminator_there_is_one_turn(tiny_options):
    recipe = Cascade(**{**tiny_options["cascade"], "projected_beta": 0.0})
    assert "projected" not in recipe.networks() and recipe.release() == ("refiner",)
    assert [update.name for update in recipe.updates()] == ["refiner"]


def test_it_starts_as_the_first_network_alone(recipe, batch):
    networks = recipe.networks()
    shown = recipe.sample(networks, batch)
    torch.testing.assert_close(shown["result"], shown["first"].clamp(-1, 1), atol=0.05, rtol=0)


def test_fine_detail_is_what_a_mean_does_not_hold():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:6, 2:6] = 1
    stripes = torch.ones(1, 3, 8, 8)
    stripes[..., ::2] = -1
    assert fine_detail(torch.ones(1, 3, 8, 8), mask) == 0
    assert fine_detail(2 * stripes, mask).item() == pytest.approx(2 * fine_detail(stripes, mask).item())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"refiner_options": "[]"}, "not a JSON object"),
        ({"window": 60}, "--window must be divisible by 16"),
        ({"perceptual_weights": None}, "No AlexNet weights"),
    ],
)
def test_wrong_flags_are_refused_in_words(tiny_options, options, words):
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        Cascade(**{**tiny_options["cascade"], **options}).networks()


def test_a_resolution_that_cannot_be_halved_for_both_is_refused(recipe, prepared):
    with pytest.raises(ValueError, match="divisible by 64, not 96"):
        recipe.dataset(Sources({"faces": (prepared,)}), "train", 96, seed=0)
