"""Checkpoints: whole or not there, the newest is found, what was saved comes back."""

import json

import pytest
import torch
from torch import nn

from scfegan_hf.training import checkpoints


def run(seed: int) -> tuple[dict, dict, dict]:
    """Networks, averages and optimisers in the middle of a training."""
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    network(torch.randn(5, 3)).square().sum().backward()
    optimizer.step()
    return {"generator": network}, {"generator": nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))}, {"generator": optimizer}


def state(parts: tuple[dict, dict, dict]) -> list:
    networks, ema, optimizers = parts
    tensors = [value for group in (networks, ema) for value in group["generator"].state_dict().values()]
    moments = [value for slot in optimizers["generator"].state_dict()["state"].values() for value in slot.values()]
    return [*tensors, *moments]


def test_what_was_saved_comes_back(tmp_path):
    before, after = run(0), run(1)
    assert not all(torch.equal(a, b) for a, b in zip(state(before), state(after), strict=True))
    path = checkpoints.save(tmp_path / "checkpoints", {"step": 42}, *before, keep=2)
    assert path.name == "step-00000042"
    assert checkpoints.load(path, *after) == {"step": 42}
    assert all(torch.equal(a, b) for a, b in zip(state(before), state(after), strict=True))
    assert after[2]["generator"].param_groups[0]["lr"] == 0.1


def test_the_newest_is_found_and_the_oldest_deleted(tmp_path):
    for step in (9, 100, 20):
        checkpoints.save(tmp_path, {"step": step}, *run(0), keep=2)
    assert [path.name for path in checkpoints.all_checkpoints(tmp_path)] == ["step-00000020", "step-00000100"]
    assert checkpoints.find(tmp_path, "latest").name == "step-00000100"
    assert checkpoints.find(tmp_path, str(tmp_path / "step-00000020")).name == "step-00000020"


def test_one_is_always_kept(tmp_path):
    for step in (1, 2):
        checkpoints.save(tmp_path, {"step": step}, *run(0), keep=0)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000002"]


def test_the_same_step_is_replaced(tmp_path):
    checkpoints.save(tmp_path, {"step": 5}, *run(0), keep=2)
    second = run(1)
    checkpoints.save(tmp_path, {"step": 5}, *second, keep=2)
    found = run(2)
    checkpoints.load(tmp_path / "step-00000005", *found)
    assert torch.equal(state(found)[0], state(second)[0])


def test_a_partial_folder_is_ignored(tmp_path):
    checkpoints.save(tmp_path, {"step": 3}, *run(0), keep=2)
    (tmp_path / "step-00000009").mkdir()  # without state.json, which is written last
    (tmp_path / ".partial-123").mkdir()
    (tmp_path / ".partial-123" / "state.json").write_text("{}")
    assert checkpoints.find(tmp_path, "latest").name == "step-00000003"


def test_nothing_to_go_on_from(tmp_path):
    assert checkpoints.find(tmp_path / "absent", "latest") is None
    assert checkpoints.find(tmp_path, "none") is None
    with pytest.raises(FileNotFoundError, match="No checkpoint at"):
        checkpoints.find(tmp_path, str(tmp_path / "step-00000007"))


def test_starting_anew_where_checkpoints_are_is_refused(tmp_path):
    checkpoints.save(tmp_path, {"step": 1}, *run(0), keep=2)
    with pytest.raises(ValueError, match="already has checkpoints"):
        checkpoints.find(tmp_path, "none")


def test_checkpoints_hold_no_pickled_code(tmp_path):
    path = checkpoints.save(tmp_path, {"step": 1}, *run(0), keep=2)
    names = sorted(file.name for file in path.iterdir())
    networks = ["ema-generator.safetensors", "generator.safetensors"]
    assert names == [*networks, "optimizer-generator.pt", "sha256.json", "state.json"]
    torch.load(path / "optimizer-generator.pt", weights_only=True)
    assert json.loads((path / "state.json").read_text()) == {"step": 1}
