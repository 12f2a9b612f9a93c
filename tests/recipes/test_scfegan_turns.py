"""SC-FEGAN's turns: which terms, with which weights, on which pictures."""

import pytest
import torch

from scfegan_hf.conditioning import blend
from scfegan_hf.losses.adversarial import discriminator_loss, hole_weights, real_drift_loss
from scfegan_hf.losses.perceptual import perceptual_loss, style_loss
from scfegan_hf.losses.reconstruction import coarse_loss, per_pixel_loss, total_variation_loss
from scfegan_hf.recipe import Shared, Sources
from scfegan_hf.recipes.scfegan import SCFEGAN, generate, judged


@pytest.fixture
def build(tiny_options):
    return lambda **options: SCFEGAN(**{**tiny_options["scfegan"], "projected_beta": 0.0, **options})


@pytest.fixture
def networks(build):
    networks = build(projected_beta=1.0).networks()
    for name in ("discriminator", "projected"):
        networks[name].eval()  # no power iterations between two looks
    return networks


@pytest.fixture
def shared():
    return Shared()


@pytest.fixture
def batch(build, prepared):
    dataset = build().dataset(Sources({"faces": (prepared,)}), "train", 128, seed=0)
    return torch.utils.data.default_collate([dataset[n] for n in range(2)])


def test_the_generator_pays_each_term_by_its_weight(build, networks, batch, shared):
    recipe = build(alpha=3.0, sigma=0.5, gamma=0.25, nu=0.2, beta=0.7, coarse=0.4)
    scales = networks["features"].loss_scales = (1.7, 0.6)
    found = recipe.generator_turn(networks, batch, shared)
    generated, completed = generate(networks["generator"], batch)
    features, target = networks["features"](completed), networks["features"](batch["image"])
    expected = {
        "per_pixel": per_pixel_loss(generated, batch["image"], batch["mask"], 3.0),
        "coarse": 0.4 * coarse_loss(completed, batch["image"]),
        "perceptual": 0.5 * scales[0] * perceptual_loss(features, target),
        "style": 0.25 * scales[1] * style_loss(features, target),
        "total_variation": 0.2 * total_variation_loss(completed, batch["mask"]),
        "adversarial": -0.7 * networks["discriminator"](judged(completed, batch)).mean(),
    }
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-6)
    left = shared["seen"]["completed"]
    assert torch.equal(left, completed) and not left.requires_grad


def test_with_a_window_all_losses_see_a_square_that_holds_hole(build, networks, batch, shared):
    recipe = build(window=32)
    recipe.generator_turn(networks, batch, shared)
    seen = shared["seen"]
    assert seen["image"].shape == seen["completed"].shape == (2, 3, 32, 32) and seen["mask"].shape == (2, 1, 32, 32)
    assert seen["mask"].flatten(1).any(1).all()
    known = (seen["mask"] == 0).expand_as(seen["image"])
    assert torch.equal(seen["image"][known], seen["completed"][known])  # cut at the same place
    for number in range(2):  # and it is a part of the picture
        patches = batch["image"][number].unfold(1, 32, 1).unfold(2, 32, 1)
        assert (patches == seen["image"][number][:, None, None]).flatten(3).all(3).all(0).any()
    assert all(value.isfinite() for value in recipe.discriminator_turn(networks, batch, shared).values())


def test_the_projected_discriminator_learns_from_the_features_that_were_left(build, networks, batch, shared):
    recipe = build(projected_beta=0.5, epsilon=0.1)
    paid = recipe.generator_turn(networks, batch, shared)["projected_adversarial"]
    target, features, sizes = shared["features"]
    assert not any(layer.requires_grad for layer in features)
    mask = batch["mask"]
    logits, real = (networks["projected"](found, sizes, mask) for found in (features, target))
    shares = [hole_weights(mask, layer.shape[-2:]) for layer in logits]
    fake_means = [(layer * share).sum((1, 2, 3)).mean() for layer, share in zip(logits, shares, strict=True)]
    weighted = zip(networks["features"].HEAD_WEIGHTS, fake_means, strict=True)
    torch.testing.assert_close(paid, -0.5 * sum(weight * mean for weight, mean in weighted))
    found = recipe.projected_turn(networks, batch, shared)
    expected = sum(discriminator_loss(r, f, True, w) for r, f, w in zip(real, logits, shares, strict=True))
    torch.testing.assert_close(found["projected"], expected)
    drift = 0.1 * sum(real_drift_loss(layer, share) for layer, share in zip(real, shares, strict=True))
    torch.testing.assert_close(found["projected_drift"], drift)
    sum(found[name] for name in ("projected", "projected_drift")).backward()
    assert all(p.grad is not None and p.grad.any() for p in networks["projected"].parameters())


def test_absolute_features_and_those_of_the_generated_image_as_published(build, networks, batch, shared):
    plain = build().generator_turn(networks, batch, shared)
    both = build(features_of_generated=True).generator_turn(networks, batch, shared)
    absolute = build(relative_features=False).generator_turn(networks, batch, shared)
    for name in ("perceptual", "style"):
        assert both[name] > 1.2 * plain[name]
        assert not torch.isclose(absolute[name], plain[name], rtol=0.1)


@pytest.mark.parametrize("hinge", [True, False])
def test_the_discriminator_tells_photographs_from_completed_images(build, networks, batch, hinge, shared):
    recipe = build(hinge=hinge, epsilon=0.5)
    shared["seen"] = {**batch, "completed": batch["image"].flip(3)}
    found = recipe.discriminator_turn(networks, batch, shared)
    real, fake = (networks["discriminator"](judged(shared["seen"][name], batch)) for name in ("image", "completed"))
    torch.testing.assert_close(found["discriminator"], discriminator_loss(real, fake, hinge))
    torch.testing.assert_close(found["drift"], 0.5 * real.square().mean())
    torch.testing.assert_close(found["_real_logits"], real.mean())
    torch.testing.assert_close(found["_fake_logits"], fake.mean())


def test_the_penalty_is_seldom_and_as_much_heavier_or_in_every_turn_or_never(build, networks, batch, shared):
    shared["seen"] = {**batch, "completed": batch["image"].flip(3)}
    seldom, always, never = build(theta=10.0, penalty_every=4), build(theta=10.0, penalty_every=1), build(theta=0.0)
    assert [(u.name, u.every) for u in seldom.updates()] == [("generator", 1), ("discriminator", 1), ("penalty", 4)]
    assert [u.name for u in always.updates()] == [u.name for u in never.updates()] == ["generator", "discriminator"]
    rare = seldom.penalty_turn(networks, batch, shared)["penalty"]
    each = always.discriminator_turn(networks, batch, shared)["penalty"]
    torch.testing.assert_close(rare, 4 * each)
    assert 0 < each <= 10.5  # a fresh critic is nearly flat
    for recipe in (seldom, never):
        assert "penalty" not in recipe.discriminator_turn(networks, batch, shared)


def test_the_discriminator_sees_the_drawing_in_the_hole_only(batch):
    batch |= {"sketch": torch.ones_like(batch["sketch"]), "color_mask": torch.zeros_like(batch["color_mask"])}
    batch["color_mask"][..., ::2] = 1
    seen, mask = judged(batch["image"], batch), batch["mask"]
    assert seen.shape == (2, 8, 128, 128)
    assert torch.equal(seen[:, :3], batch["image"])
    assert torch.equal(seen[:, 3:4], mask) and torch.equal(seen[:, 7:], mask)
    assert torch.equal(seen[:, 4:7], batch["color"] * mask * batch["color_mask"])


def test_the_sheet_shows_photograph_drawing_and_result(build, networks, batch):
    recipe = build()
    rows = recipe.sample(networks, batch)
    assert list(rows) == ["original", "drawn", "result"]
    outside = (batch["mask"] == 0).expand_as(batch["image"])
    lines = (batch["mask"] * batch["sketch"] == 1).expand_as(batch["image"])
    assert torch.equal(rows["original"], batch["image"])
    for title in ("drawn", "result"):
        assert torch.equal(rows[title][outside], batch["image"][outside])
    assert (rows["drawn"][lines] == -1).all()
    completed = generate(networks["generator"], batch)[1]
    torch.testing.assert_close(rows["result"], completed.detach().clamp(-1, 1))


def test_psnr_is_that_of_the_hole(build, networks, batch):
    found = build().metrics(networks, batch)["masked_psnr"]
    completed = generate(networks["generator"], batch)[1].detach().clamp(-1, 1)
    for n in range(2):
        inside = (batch["mask"][n] == 1).expand(3, 128, 128)
        error = (completed[n][inside] - batch["image"][n][inside]).square().mean()
        assert found[n].item() == pytest.approx(10 * torch.log10(4 / error).item(), abs=1e-3)  # the range is 2


def test_metrics_reach_their_best_for_a_perfect_generator(build, networks, batch):
    class Perfect(torch.nn.Module):
        fill, color_flag = "none", False

        def forward(self, _):
            return batch["image"]

    found = build().metrics({**networks, "generator": Perfect()}, batch)
    assert (found["masked_psnr"] > 90).all() and (found["feature_distance"] == 0).all()


def test_the_released_generator_knows_its_fill_and_flag(build, batch):
    for options, channels in (
        ('{"width": 4, "fill": "none", "color_flag": false}', 9),
        ('{"width": 4, "color_flag": true}', 10),
    ):
        generator = build(generator_options=options).networks()["generator"]
        assert generator.in_channels == channels
        generated, completed = generate(generator, batch)
        assert torch.equal(completed, blend(generated, batch["image"], batch["mask"]))


def test_a_weight_of_zero_leaves_a_discriminator_out(build, networks, batch, shared):
    recipe = build(beta=0.0)
    assert set(recipe.networks()) == {"generator", "features"} and recipe.release() == ("generator",)
    assert [update.name for update in recipe.updates()] == ["generator"]
    del networks["discriminator"]
    assert "adversarial" not in recipe.generator_turn(networks, batch, shared)
    assert [update.name for update in build(beta=0.0, projected_beta=0.1).updates()] == ["generator", "projected"]


def test_in_a_step_without_the_generators_turn_the_judges_look_for_themselves(build, networks, batch):
    """Its weights stand still meanwhile, so that they see what its own turn would have left."""
    recipe = build(projected_beta=0.5, theta=10.0, window=32)
    left = Shared()
    recipe.generator_turn(networks, batch, left)
    for turn in (recipe.discriminator_turn, recipe.projected_turn, recipe.penalty_turn):
        alone, after = turn(networks, batch, Shared()), turn(networks, batch, left)
        assert alone.keys() == after.keys()
        for name, value in alone.items():
            torch.testing.assert_close(value, after[name], rtol=1e-4, atol=1e-5)
    assert not any(layer.requires_grad for layer in recipe.features(networks, batch, Shared())[1])
