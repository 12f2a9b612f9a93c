"""The annotator's network: shapes, heat maps to points, what it refuses; the released one's size."""

import pytest
import torch

from scfegan_hf.losses.annotation import edge_loss, heat_loss, point_loss, region_loss
from scfegan_hf.models.annotator import Annotator, positions


def test_three_answers_of_their_own_sizes():
    found = Annotator((4, 4, 4, 4), regions=5, landmarks=7)(torch.zeros(2, 3, 64, 96))
    assert (found.edges.shape, found.regions.shape, found.heat.shape) == ((2, 1, 64, 96), (2, 5, 64, 96), (2, 7, 16, 24))


def test_the_default_has_under_three_million_parameters():
    assert sum(p.numel() for p in Annotator().parameters()) < 3e6


@pytest.mark.parametrize("shape", [(1, 3, 48, 64), (1, 1, 64, 64), (3, 64, 64)])
def test_other_inputs_are_refused(shape):
    with pytest.raises(ValueError, match="divisible by 32"):
        Annotator((4, 4, 4, 4, 4))(torch.zeros(shape))
    with pytest.raises(ValueError, match="three levels"):
        Annotator((4, 4))


def test_a_sharp_peak_is_its_place():
    heat = torch.zeros(1, 1, 16, 8)
    heat[0, 0, 12, 2] = 50.0
    points, peaks = positions(heat)
    assert torch.allclose(points[0, 0], torch.tensor([2.5 / 8, 12.5 / 16])) and peaks[0, 0] > 0.999


def test_heat_and_point_losses_fall_towards_the_truth_and_skip_points_outside():
    points, inside = torch.tensor([[[0.25, 0.75], [0.9, 0.9]]]), torch.tensor([[1.0, 0.0]])
    heat = torch.zeros(1, 2, 16, 16, requires_grad=True)
    losses = []
    for _ in range(60):
        loss = heat_loss(heat, points, inside) + point_loss(positions(heat)[0], points, inside)
        losses.append(loss.item())
        (gradient,) = torch.autograd.grad(loss, heat)
        assert not gradient[0, 1].any()
        heat = (heat - 20 * gradient).detach().requires_grad_()
    assert losses[-1] < 0.7 * losses[0]
    assert torch.allclose(positions(heat)[0][0, 0], points[0, 0], atol=0.02)


def test_region_loss_counts_known_pixels_only():
    logits = torch.zeros(1, 3, 4, 4)
    logits[:, 1] = 9.0
    labels, known = torch.ones(1, 4, 4, dtype=torch.long), torch.ones(1, 4, 4)
    labels[:, 2:] = 2
    weights = torch.tensor([1.0, 1.0, 5.0])
    assert region_loss(logits, labels, known, weights) > 5
    known[:, 2:] = 0
    assert region_loss(logits, labels, known, weights) < 0.01


def test_edge_loss_is_least_at_the_edges_themselves():
    edges = torch.tensor([0.0, 0.2, 0.9]).view(1, 1, 1, 3)
    right = edge_loss(torch.logit(edges.clamp(1e-4, 0.9999)), edges)
    assert right < edge_loss(torch.zeros(1, 1, 1, 3), edges) < edge_loss(torch.full((1, 1, 1, 3), 4.0), edges)
