"""Releases: averaged networks with config, card, figures and training settings, in a folder or on the Hub."""

import json
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from scfegan_hf.files import replacing, write_text
from scfegan_hf.models.hub import WEIGHTS, fetch
from scfegan_hf.recipe import Recipe
from scfegan_hf.training.config import TrainConfig


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
            raise ValueError(f"{path} does not fit this {name}: {error}") from error


def save_release(out: Path, recipe: Recipe, config: TrainConfig, networks: dict[str, nn.Module], metrics: dict) -> None:
    """Write the networks (first one at the root, others in folders of their names), metrics.json and the card."""
    for number, (name, network) in enumerate(networks.items()):
        folder = out if number == 0 else out / name
        folder.mkdir(parents=True, exist_ok=True)
        save_network(network, folder)
    write_text(out / "metrics.json", json.dumps(metrics, indent=2))
    write_text(out / "README.md", model_card(recipe, config, metrics))


def save_network(network: nn.Module, folder: Path) -> None:
    """model.safetensors and config.json as `from_pretrained` reads them, each replaced whole."""
    tensors = {k: v.detach().cpu().contiguous() for k, v in network.state_dict().items()}
    with replacing(folder / "model.safetensors") as partial:
        save_file(tensors, partial, metadata={"format": "pt"})
    write_text(folder / "config.json", json.dumps(network._hub_mixin_config, indent=2, sort_keys=True))


def model_card(recipe: Recipe, config: TrainConfig, metrics: dict) -> str:
    """The card of a release: the template with this run's settings and figures."""
    values = {
        "recipe": recipe.name,
        "repository": config.hub_model_id or str(config.output_dir),
        "license": config.weights_license,
        "data": ", ".join((*config.dataset_name, *(Path(folder).name for folder in config.train_data_dir))),
        "history": f"Started from {config.pretrained_model_name_or_path}." if config.pretrained_model_name_or_path else "",
        "figures": "\n".join(f"| {name} | {value:.6g} |" for name, value in metrics.items()),
        "settings": json.dumps({**asdict(recipe), **asdict(config)}, indent=2),
    }
    text = template()
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return text


def template() -> str:
    """model_card.md beside the installed package, or in the checkout."""
    package = Path(__file__).resolve().parent.parent
    for path in (package / "model_card.md", package.parent / "model_card.md"):
        if path.is_file():
            return path.read_text()
    raise FileNotFoundError("model_card.md is not installed with the package. Install scfegan_hf again.")


def push_release(out: Path, repo_id: str) -> None:
    """Create the repository if need be and upload the release: networks, card, figures, pictures; no checkpoints."""
    from huggingface_hub import HfApi

    api = HfApi()
    full_name = api.create_repo(repo_id, exist_ok=True).repo_id
    api.upload_folder(repo_id=full_name, folder_path=out, ignore_patterns=["checkpoints/*", "logs/*", "*.partial", "log.jsonl"])
