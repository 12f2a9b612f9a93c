"""What every network of the package shares on the Hub: strict loading, and errors that say what to do."""

import inspect
import json
from pathlib import Path

import torch
from huggingface_hub import PyTorchModelHubMixin, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from safetensors import SafetensorError
from safetensors.torch import load_file

from scfegan_hf.files import FILE_MODE
from scfegan_hf.models.strangers import check_config, check_finite, check_weights

REPO_URL = "https://github.com/scfegan-hf/scfegan-hf"
CONFIG, WEIGHTS = "config.json", "model.safetensors"


class HubNetwork(
    PyTorchModelHubMixin,
    library_name="scfegan_hf",
    license="other",
    repo_url=REPO_URL,
):
    """`PyTorchModelHubMixin` that refuses what it would otherwise guess; a network's class says its task and tags.

    The mixin alone builds a network of default arguments where config.json is missing, and ignores arguments it does
    not know. Here both are errors, and weights must fit exactly. Saving and pushing are the mixin's.
    """

    @classmethod
    def from_pretrained(
        cls,
        pretrained_model_name_or_path: str | Path,
        *,
        revision: str | None = None,
        token: str | bool | None = None,
        cache_dir: str | Path | None = None,
        force_download: bool = False,
        local_files_only: bool = False,
        dtype: torch.dtype | str = torch.float32,
        subfolder: str = "",
    ):
        """Load from a folder or a Hub repository, or from a ``subfolder`` of it; in evaluation mode, as ``dtype``
        ("bfloat16"), on the CPU.

        Raises FileNotFoundError without config.json or weights, ValueError when either does not fit this class or the other,
        before memory is taken for them, when weights are not finite, or ``dtype`` is none.
        """
        dtype = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            raise ValueError('dtype must be a floating point one of torch, such as torch.bfloat16 or "bfloat16".')
        source = str(pretrained_model_name_or_path)
        where = dict(
            revision=revision,
            token=token,
            cache_dir=cache_dir,
            force_download=force_download,
            local_files_only=local_files_only,
        )
        config = _read_config(cls, fetch(source, f"{subfolder}/{CONFIG}".lstrip("/"), **where), source)
        check_config(cls, config, source)
        path = fetch(source, f"{subfolder}/{WEIGHTS}".lstrip("/"), **where)
        try:
            check_weights(path, cls, config, source)
            tensors = {key: value.float() for key, value in load_file(path).items()}
        except (SafetensorError, OSError) as error:
            raise ValueError(f"{WEIGHTS} of {source} is damaged ({error}). Fetch or save it again.") from error
        check_finite(tensors, source)
        network = cls(**config)
        network.load_state_dict(tensors, strict=True)
        return network.to(dtype).eval()

    def _save_pretrained(self, save_directory: Path) -> None:
        """The mixin's weights file, readable by all as other files are."""
        super()._save_pretrained(save_directory)
        (save_directory / WEIGHTS).chmod(FILE_MODE)


def fetch(source: str, name: str, **where) -> Path:
    """The path of a file in a folder or, through the cache, in a Hub repository. FileNotFoundError in words."""
    if Path(source).is_dir():
        path = Path(source) / name
        if not path.is_file():
            raise FileNotFoundError(f"{source} has no {name}. Save a network there with save_pretrained.")
        return path
    try:
        return Path(hf_hub_download(source, name, **where))  # nosec B615
    except HFValidationError as error:
        raise FileNotFoundError(f"{source!r} is neither a folder nor the name of a Hub repository.") from error
    except RepositoryNotFoundError as error:
        raise FileNotFoundError(
            f"There is no Hub repository {source!r} that you may read. Check its name and your token."
        ) from error
    except LocalEntryNotFoundError as error:
        raise FileNotFoundError(
            f"{name} of {source!r} is not in the cache and the Hub cannot be reached. Give a folder."
        ) from error
    except RevisionNotFoundError as error:
        raise FileNotFoundError(f"The Hub repository {source!r} has no revision {where.get('revision')!r}.") from error
    except EntryNotFoundError as error:
        raise FileNotFoundError(f"The Hub repository {source!r} has no {name}.") from error


def _read_config(cls: type, path: Path, source: str) -> dict:
    """The constructor's arguments. ValueError unless they are a JSON object that names all of them and no others.

    Those that the class lists as ``added_later`` may be absent, since networks were saved before there were any.
    """
    try:
        config = json.loads(path.read_text())
    except ValueError as error:  # not JSON, or not text at all
        raise ValueError(f"{CONFIG} of {source} is not valid JSON ({error}). Save the network again.") from error
    if not isinstance(config, dict):
        raise ValueError(f"{CONFIG} of {source} must hold a JSON object, not {type(config).__name__}.")
    known = set(inspect.signature(cls.__init__).parameters) - {"self"}
    missing = known - set(config) - set(getattr(cls, "added_later", ()))
    for what, names in (("does not take", set(config) - known), ("needs but does not find there", missing)):
        if names:
            raise ValueError(
                f"{CONFIG} of {source} is not one of {cls.__name__}: arguments that it {what}: {', '.join(sorted(names))}."
            )
    return config
