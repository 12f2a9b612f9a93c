"""The card of a release: the template with the recipe's words, and a run's settings and figures."""

import json
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from scfegan_hf.recipe import Card

NO_PATHS = ("dataset_name", "hub_model_id")  # names on the Hub, even if folders are called so too


def public(settings: dict) -> dict:
    """The settings with paths of the machine that trained, which are nobody's business, cut down to their last names.

    Roles before a folder and names on the Hub stay.
    """
    return {key: value if key in NO_PATHS else _without_folders(value) for key, value in settings.items()}


def _without_folders(value):
    if isinstance(value, list):
        return [_without_folders(each) for each in value]
    if not isinstance(value, str) or value.startswith("{"):  # the latter: JSON
        return value
    role, separator, name = value.partition("=")
    path = Path(name if separator else value)
    if not (path.is_absolute() or str(path).count("/") > 1 or path.exists()):
        return value
    return f"{role}={path.name}" if separator else path.name


def model_card(card: Card, settings: dict, metrics: dict, repository: str, pictures: dict[str, str]) -> str:
    """README.md of a repository, in the words of ``card``; ``pictures`` are captions by file name."""
    settings = public(settings)
    names = [*settings["dataset_name"], *settings["train_data_dir"]]
    datasets = [name.split("=")[-1] for name in names]  # without their roles
    title = repository.split("/")[-1]
    rendered = ModelCard.from_template(
        front_matter(card, settings, metrics, title, datasets),
        template_path=str(template()),
        card=card,
        title=title,
        usage=card.usage.replace("{repository}", repository),
        pictures="\n\n".join(f"![{caption}]({file})" for file, caption in pictures.items()),
        data=", ".join(names) or "those that the recipe brings along",
        license="What the data's licence allows holds for these weights."
        if settings["weights_license"] == "other"
        else f"Licence of the weights: {settings['weights_license']}.",
        procedure=procedure(settings, metrics),
        figures="\n".join(f"| {name} | {value:.6g} |" for name, value in metrics.items()),
        settings=json.dumps(settings, indent=2),
    )
    return str(rendered)


def front_matter(card: Card, settings: dict, metrics: dict, title: str, datasets: list[str]) -> ModelCardData:
    """What the Hub reads of a card."""
    figures = {name.removeprefix("validation_"): v for name, v in metrics.items() if name.startswith("validation_")}
    results = [
        EvalResult(
            task_type=card.task, dataset_type=datasets[0] if len(datasets) == 1 else "mixture",
            dataset_name=f"validation split of {' and '.join(datasets) or 'the data'}", metric_type=name,
            metric_name=name.replace("_", " "), metric_value=value,
        )
        for name, value in figures.items()
    ]  # fmt: skip
    return ModelCardData(
        license=settings["weights_license"], library_name="scfegan_hf", pipeline_tag=card.task, tags=list(card.tags),
        datasets=[name.split("=")[-1] for name in settings["dataset_name"]] or None, metrics=list(figures) or None,
        model_name=title if results else None, eval_results=results or None,
    )  # fmt: skip


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


def template() -> Path:
    """The path of model_card.md beside the installed package, or in the checkout."""
    package = Path(__file__).resolve().parents[2]
    for path in (package / "model_card.md", package.parent / "model_card.md"):
        if path.is_file():
            return path
    raise FileNotFoundError("model_card.md is not installed with the package. Install scfegan_hf again.")
