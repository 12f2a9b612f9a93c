"""The card of a release: the template with a run's settings and figures."""

import json
from pathlib import Path

from huggingface_hub import EvalResult, ModelCardData

# Settings that may be paths of the machine that trained, which are nobody's business.
PATHS = ("output_dir", "train_data_dir", "perceptual_weights", "pretrained_model_name_or_path", "resume_from_checkpoint")


def public(settings: dict) -> dict:
    """The settings with paths cut down to their last names; names on the Hub stay."""

    def name(value):
        if isinstance(value, list):
            return [name(each) for each in value]
        is_path = isinstance(value, str) and (Path(value).is_absolute() or value.count("/") > 1 or Path(value).exists())
        return Path(value).name if is_path else value

    return {key: name(value) if key in PATHS else value for key, value in settings.items()}


def model_card(settings: dict, metrics: dict, repository: str, pictures: dict[str, str]) -> str:
    """README.md of a repository; ``pictures`` are captions by file name."""
    settings = public(settings)
    datasets = [*settings["dataset_name"], *settings["train_data_dir"]]
    figures = {name: value for name, value in metrics.items() if name.startswith("validation_")}
    results = [
        EvalResult(
            task_type="image-to-image", dataset_type=datasets[0] if len(datasets) == 1 else "mixture",
            dataset_name=f"validation split of {' and '.join(datasets)}", metric_type=name.removeprefix("validation_"),
            metric_name=name.removeprefix("validation_").replace("_", " "), metric_value=value,
        )
        for name, value in figures.items()
    ]  # fmt: skip
    title = repository.split("/")[-1]
    front = ModelCardData(
        license=settings["weights_license"], library_name="scfegan_hf", pipeline_tag="image-to-image",
        tags=["face-editing", "inpainting", "sketch", "gan", "sc-fegan"], datasets=settings["dataset_name"] or None,
        metrics=[name.removeprefix("validation_") for name in figures] or None,
        model_name=title if results else None, eval_results=results or None,
    )  # fmt: skip
    values = {
        "front_matter": front.to_yaml(),
        "title": title,
        "repository": repository,
        "license": "What the data's licence allows holds for these weights."
        if settings["weights_license"] == "other"
        else f"Licence of the weights: {settings['weights_license']}.",
        "data": ", ".join(datasets),
        "procedure": procedure(settings, metrics),
        "pictures": "\n\n".join(f"![{caption}]({file})" for file, caption in pictures.items()),
        "figures": "\n".join(f"| {name} | {value:.6g} |" for name, value in metrics.items()),
        "settings": json.dumps(settings, indent=2),
    }
    text = template()
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    return text


def procedure(settings: dict, metrics: dict) -> str:
    """How it was trained, in a sentence or two."""
    whole = settings["train_batch_size"] * settings["gradient_accumulation_steps"] * settings["processes"]
    precision = {"no": "fp32"}.get(settings["mixed_precision"], settings["mixed_precision"])
    started = settings["pretrained_model_name_or_path"]
    return (
        f"{metrics['step']} steps of {whole} samples ({metrics['images']} in all) of {settings['resolution']} pixels in "
        f"{precision} on {settings['processes']} process{'es' if settings['processes'] > 1 else ''}, by the recipe "
        f"`{settings['recipe']}`" + (f", started from {started}" if started else "") + ". The weights are averages over steps "
        f"(decay {settings['ema_decay']})."
    )


def template() -> str:
    """model_card.md beside the installed package, or in the checkout."""
    package = Path(__file__).resolve().parents[2]
    for path in (package / "model_card.md", package.parent / "model_card.md"):
        if path.is_file():
            return path.read_text()
    raise FileNotFoundError("model_card.md is not installed with the package. Install scfegan_hf again.")
