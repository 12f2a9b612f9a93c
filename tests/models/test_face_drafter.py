"""The network that says what a drawing on a face means: shapes, what counts where, what it refuses, what it keeps."""

import pytest
import torch

from scfegan_hf.models.face_drafter import FINE, FaceDrafter


@pytest.fixture
def network() -> FaceDrafter:
    torch.manual_seed(0)
    network = FaceDrafter((8, 8), (1,), (1,), (1,), attention=0).eval()
    with torch.no_grad():
        network.unet.head.weight.mul_(50)
    return network


def layers(side: int = 16) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    mask = torch.zeros(2, 1, side, side)
    mask[:, :, 4:12, 4:12] = 1
    return {
        "guess": torch.rand(2, 3, side, side) * 2 - 1,
        "mask": mask,
        "color": torch.rand(2, 3, side, side) * 2 - 1,
        "dabbed": (torch.rand(2, 1, side, side) > 0.5).float(),
        "sketch": (torch.rand(2, 1, FINE * side, FINE * side) > 0.8).float(),
    }


@torch.no_grad()
def test_it_answers_in_the_hole_alone_and_by_what_is_drawn_there(network):
    given = layers()
    hole = given["mask"].expand(-1, 3, -1, -1) > 0
    answer = network(**given)
    assert torch.equal(answer[~hole], given["guess"][~hole]) and not torch.allclose(answer[hole], given["guess"][hole])
    for name in ("color", "dabbed", "sketch"):
        assert not torch.allclose(network(**given | {name: 0 * given[name]}), answer)
        fine = given["mask"] if name != "sketch" else given["mask"].repeat_interleave(FINE, 2).repeat_interleave(FINE, 3)
        outside = torch.where(fine > 0, given[name], 1 - given[name])  # what is drawn beside the hole counts for nothing
        assert torch.equal(network(**given | {name: outside}), answer)


@torch.no_grad()
def test_it_comes_back_as_it_was_saved(network, tmp_path):
    network.save_pretrained(tmp_path)
    assert torch.equal(FaceDrafter.from_pretrained(tmp_path).eval()(**layers()), network(**layers()))


def test_other_sizes_are_refused_by_name(network):
    given = layers()
    with pytest.raises(ValueError, match="sketch is .* where .* is wanted"):
        network(**given | {"sketch": given["sketch"][..., ::2, ::2]})
    with pytest.raises(ValueError, match="divisible by 4"):
        network(**{name: layer[..., : -FINE if name == "sketch" else -1, : -FINE if name == "sketch" else -1]
                   for name, layer in given.items()})  # fmt: skip
