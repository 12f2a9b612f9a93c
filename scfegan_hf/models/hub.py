"""What every network of the package shares on the Hub: strict loading, and errors that say what to do."""

import inspect
import json
from pathlib import Path

from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from huggingface_hub.errors import EntryNotFoundError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError

REPO_URL = "https://github.com/scfegan-hf/scfegan-hf"


class HubNetwork(
    PyTorchModelHubMixin,
    library_name="scfegan_hf",
    license="cc-by-nc-sa-4.0",
    repo_url=REPO_URL,
    pipeline_tag="image-to-image",
    tags=["face-editing", "inpainting", "sketch", "gan", "sc-fegan"],
):
    """`PyTorchModelHubMixin` that refuses what it would otherwise guess.

    The mixin alone builds a network of default arguments where config.json is missing, and ignores arguments it does
    not know. Here both are errors, and weights must fit exactly.
    """

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **kwargs):
        """Load from a folder or a Hub repository. Arguments as in `PyTorchModelHubMixin.from_pretrained`.

        Raises FileNotFoundError without config.json or weights, ValueError when either does not fit this class.
        """
        source = str(pretrained_model_name_or_path)
        _check_config(cls, source, {k: kwargs[k] for k in ("revision", "cache_dir", "token") if k in kwargs}, kwargs)
        if Path(source).is_dir() and not (Path(source) / "model.safetensors").is_file():
            raise FileNotFoundError(f"{source} has no model.safetensors. Save a network there with save_pretrained.")
        try:
            return super().from_pretrained(source, **{"strict": True, **kwargs})
        except RuntimeError as error:
            raise ValueError(f"The weights of {source} do not fit its config.json: {error}") from error


def _check_config(cls: type, source: str, where: dict, kwargs: dict) -> None:
    """Raise unless config.json is there, is a JSON object, and names only arguments that ``cls`` takes."""
    if Path(source).is_dir():
        path = Path(source) / "config.json"
        if not path.is_file():
            raise FileNotFoundError(f"{source} has no config.json, so the network's shape is unknown. Save it with save_pretrained.")
    else:
        try:
            path = Path(hf_hub_download(source, "config.json", local_files_only=kwargs.get("local_files_only", False), **where))
        except HFValidationError as error:
            raise FileNotFoundError(f"{source!r} is neither a folder nor the name of a Hub repository.") from error
        except RepositoryNotFoundError as error:
            raise FileNotFoundError(f"There is no Hub repository {source!r} that you may read. Check its name and your token.") from error
        except LocalEntryNotFoundError as error:
            raise FileNotFoundError(f"{source!r} is not in the cache and the Hub cannot be reached. Connect once, or give a folder.") from error
        except EntryNotFoundError as error:
            raise FileNotFoundError(f"The Hub repository {source!r} has no config.json, so the network's shape is unknown.") from error
    try:
        config = json.loads(path.read_text())
    except (ValueError, UnicodeDecodeError) as error:
        raise ValueError(f"config.json of {source} is not valid JSON ({error}). Save the network again.") from error
    if not isinstance(config, dict):
        raise ValueError(f"config.json of {source} must hold a JSON object, not {type(config).__name__}.")
    known = set(inspect.signature(cls.__init__).parameters) - {"self"}
    unknown = sorted(set(config) - known)
    if unknown:
        raise ValueError(f"config.json of {source} names arguments that {cls.__name__} does not have: {', '.join(unknown)}.")
    missing = sorted(known - set(config))
    if missing:
        raise ValueError(f"config.json of {source} lacks arguments of {cls.__name__}: {', '.join(missing)}. Is it another network's?")
