"""Releases: averaged networks with config, card, figures and training settings; and starting from one."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from scfegan_hf.files import replacing, write_text
from scfegan_hf.models.hub import CONFIG, WEIGHTS, fetch
from scfegan_hf.recipe import Card
from scfegan_hf.training.release.card import model_card

PICTURES = ("samples.png", "curves.png")  # files that a card shows
CURVES = "Losses and validation figures over the steps of the training"


def load_initial_weights(networks: dict[str, nn.Module], source: str) -> None:
    """Start from a release: the first network from its root, others from the folders of their names if there.

    Raises FileNotFoundError without weights, ValueError when shapes differ.
    """
    for number, (name, network) in enumerate(networks.items()):
        try:
            path = fetch(source, WEIGHTS if number == 0 else f"{name}/{WEIGHTS}")
        except FileNotFoundError:
            if number == 0:
                raise
            continue
        try:
            network.load_state_dict({key: value.float() for key, value in load_file(path).items()})
        except (RuntimeError, SafetensorError) as error:
            raise ValueError(
                f"{path} does not fit this {name}. Give the flags of the run that made it, above all those that shape its "
                "networks; its card and training_config.json have them."
            ) from error


def configs_of(networks: Mapping[str, nn.Module]) -> dict[str, dict]:
    """Constructor arguments by name, the released one first."""
    return {name: network._hub_mixin_config for name, network in networks.items()}


def save_release(out: Path, networks: Mapping[str, nn.Module], card: Card, settings: dict, metrics: dict) -> None:
    """Write the networks (first one at the root, others in folders of their names), metrics.json, samples and the card."""
    tensors = {name: network.state_dict() for name, network in networks.items()}
    write_release(out, tensors, configs_of(networks), card, settings, metrics)


def write_release(
    out: Path,
    tensors: Mapping[str, dict[str, torch.Tensor]],
    configs: Mapping[str, dict],
    card: Card,
    settings: dict,
    metrics: dict,
) -> None:
    """`save_release` from tensors and configs. Each file is replaced whole."""
    for number, (name, held) in enumerate(tensors.items()):
        folder = out if number == 0 else out / name
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / WEIGHTS) as partial:
            save_file({k: v.detach().cpu().contiguous() for k, v in held.items()}, partial, metadata={"format": "pt"})
        write_text(folder / CONFIG, json.dumps(configs[name], indent=2, sort_keys=True))
    write_text(out / "metrics.json", json.dumps(metrics, indent=2))
    sheets = sorted((out / "validation").glob("step-*.png"))
    if sheets:
        with replacing(out / "samples.png") as partial:
            shutil.copyfile(sheets[-1], partial)
    write_text(out / "README.md", card_of(out, card, settings, metrics, settings["hub_model_id"] or out.resolve().name))


def card_of(folder: Path, card: Card, settings: dict, metrics: dict, repository: str) -> str:
    """The card of a release in ``folder``, with the pictures that are there."""
    captions = dict(zip(PICTURES, (f"{card.sheet}, row by row", CURVES), strict=True))
    there = {file: caption for file, caption in captions.items() if (folder / file).is_file()}
    return model_card(card, settings, metrics, repository, there)
