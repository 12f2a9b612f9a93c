"""Muon: what is orthogonalised and what is not, the size of a step, and that it learns."""

import pytest
import torch
from torch import nn

from scfegan_hf.training.muon import Muon, _rounds, _rounds_on_gram, is_matrix, unit_orthogonal


@pytest.mark.parametrize("shape", [(16, 40), (40, 16), (24, 24)])
def test_all_directions_count_nearly_the_same(shape):
    generator = torch.Generator().manual_seed(0)
    u, _, v = torch.linalg.svd(torch.randn(shape, generator=generator), full_matrices=False)
    size = min(shape)
    matrix = u @ torch.diag(torch.logspace(0, -2, size)) @ v  # the weakest a hundredth of the strongest
    answer = unit_orthogonal(matrix) / max(shape) ** 0.5
    along = u.mT @ answer @ v.mT
    assert along.diag().min() > 0.5 and along.diag().max() < 1.4
    assert (along - torch.diag(along.diag())).norm() < 0.1 * along.norm()


def test_a_step_is_of_the_size_of_the_rate():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(16, 32, 3), nn.ConvTranspose2d(32, 16, 4), nn.Linear(16, 64, bias=False))
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    for scale in (1e-6, 1e3):  # of the gradients: it does not matter
        for p in network.parameters():
            p.grad = scale * torch.randn_like(p)
        Muon(network.parameters(), lr=0.01).step()
    for name, p in network.named_parameters():
        assert 0.5 * 0.01 < (p.detach() - before[name]).square().mean().sqrt() < 2.5 * 0.01, name


def test_gradients_of_zero_move_nothing():
    p = nn.Parameter(torch.ones(16, 16))
    p.grad = torch.zeros_like(p)
    Muon([p], lr=0.1).step()
    assert torch.equal(p.detach(), torch.ones(16, 16))


def test_adam_has_what_is_no_matrix():
    narrow = [torch.zeros(1, 64, 3, 3), torch.zeros(64, 8, 1, 1), torch.zeros(64), torch.zeros(4, 100)]
    assert (
        [is_matrix(x) for x in narrow] == [False] * 4 and is_matrix(torch.zeros(64, 16, 3, 3)) and is_matrix(torch.zeros(9, 9))
    )
    p, twin = (nn.Parameter(torch.linspace(-1, 1, 10)) for _ in range(2))
    ours, theirs = Muon([p], lr=0.03, betas=(0.9, 0.99)), torch.optim.Adam([twin], lr=0.03, betas=(0.9, 0.99))
    for step in range(5):
        for x, optimizer in ((p, ours), (twin, theirs)):
            x.grad = (x.detach() - step).sin()
            optimizer.step()
    assert torch.allclose(p, twin, atol=1e-6)


def test_memory_format_does_not_matter():
    steps = []
    for layout in (torch.contiguous_format, torch.channels_last):
        torch.manual_seed(0)
        conv = nn.Conv2d(16, 16, 3)
        gradient = torch.randn_like(conv.weight)
        conv = conv.to(memory_format=layout)
        conv.weight.grad = gradient.to(memory_format=layout)
        Muon([conv.weight], lr=0.1).step()
        steps.append(conv.weight.detach().contiguous())
    assert torch.allclose(*steps, atol=1e-3)


def test_a_badly_scaled_problem_is_solved_sooner_than_by_adam():
    """Rows of inputs whose scales span three decades, as features of a network may."""
    losses = {}
    for kind in (Muon, torch.optim.Adam):
        torch.manual_seed(0)
        x = torch.randn(256, 32) @ (torch.linalg.qr(torch.randn(32, 32))[0] * torch.logspace(0, -2, 32)[:, None])
        y = x @ torch.randn(32, 32) * torch.logspace(0, 1, 32)
        weight = nn.Parameter(torch.zeros(32, 32))
        optimizer = kind([weight], lr=0.05)
        for step in range(200):
            optimizer.param_groups[0]["lr"] = 0.05 * (1 - step / 200)
            loss = (x @ weight - y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses[kind] = loss.item()
    assert losses[Muon] < 0.7 * losses[torch.optim.Adam]


def test_state_survives_saving(tmp_path):
    torch.manual_seed(0)
    inputs = torch.randn(4, 16, 8, 8)

    def run(steps: range, optimizer, conv) -> None:
        for step in steps:
            optimizer.zero_grad()
            (conv(inputs) - step).square().mean().backward()
            optimizer.step()

    conv = nn.Conv2d(16, 16, 3)
    start = {name: value.clone() for name, value in conv.state_dict().items()}
    optimizer = Muon(conv.parameters(), lr=0.01)
    run(range(3), optimizer, conv)
    torch.save(optimizer.state_dict(), tmp_path / "o.pt")
    middle = {name: value.clone() for name, value in conv.state_dict().items()}
    run(range(3, 5), optimizer, conv)
    again = nn.Conv2d(16, 16, 3)
    again.load_state_dict(middle)
    resumed = Muon(again.parameters(), lr=0.01)
    resumed.load_state_dict(torch.load(tmp_path / "o.pt", weights_only=True))
    run(range(3, 5), resumed, again)
    assert all(torch.equal(a, b) for a, b in zip(conv.parameters(), again.parameters(), strict=True))
    assert not torch.equal(start["weight"], middle["weight"])


@pytest.mark.parametrize("rows", [16, 48])
def test_rounds_on_the_square_are_the_published_rounds(rows):
    """Directions a hundred thousand times weaker than the strongest too, which rounding meets first."""
    generator = torch.Generator().manual_seed(0)
    u, _, v = torch.linalg.svd(torch.randn(rows, 9 * rows, generator=generator), full_matrices=False)
    matrix = u @ torch.diag(torch.logspace(0, -5, rows)) @ v
    matrix /= matrix.norm()
    exact = _rounds(matrix.double())
    assert (_rounds_on_gram(matrix) - exact).norm() < 1e-3 * exact.norm()
    assert torch.equal(unit_orthogonal(matrix, torch.float32), _rounds_on_gram(matrix / matrix.norm()) * (9 * rows) ** 0.5)
    assert torch.equal(unit_orthogonal(matrix), _rounds((matrix / matrix.norm()).bfloat16()).float() * (9 * rows) ** 0.5)
