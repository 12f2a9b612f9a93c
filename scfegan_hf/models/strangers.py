"""Networks from strangers: a config and weights are looked at before anything is built or memory is taken.

`HubNetwork.from_pretrained` does so. A file of a few hundred bytes could otherwise ask for any number of layers of any width.
"""

import math
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import torch
from safetensors import safe_open
from torch import nn
from torch.overrides import TorchFunctionMode

LARGEST = 8192  # of any whole number in a config: channels, pixels, landmarks
LONGEST = 64  # list


def check_config(cls: type[nn.Module], config: dict[str, Any], source: str) -> None:
    """Raises ValueError unless each value is of its argument's type, and whole numbers within the class's ``ranges``.

    ``ranges`` of a class: (least, most) by argument, for the numbers of a list too; without one, 1 to LARGEST, in lists
    from 0. Only types that JSON has are known: int, float, bool, str, lists of these, and None.
    """
    hints, ranges = get_type_hints(cls.__init__), getattr(cls, "ranges", {})
    for name, value in config.items():
        why = _wrong(value, hints[name], ranges.get(name))
        if why:
            raise ValueError(f"config.json of {source} has a value that {cls.__name__} does not take: {name} must be {why}.")


def _wrong(value: Any, kind: Any, limits: tuple[int, int] | None) -> str | None:
    """What a value must be and is not; None where it is fine."""
    if get_origin(kind) in (Union, UnionType):
        answers = [_wrong(value, each, limits) for each in get_args(kind)]
        return None if None in answers else " or ".join(answers)
    if kind in (NoneType, str, bool):
        return None if type(value) is kind else {NoneType: "null", str: "text", bool: "true or false"}[kind]
    if kind is float:
        return None if type(value) in (int, float) and math.isfinite(value) else "a number"
    if kind is int:
        least, most = limits or (1, LARGEST)
        return None if type(value) is int and least <= value <= most else f"a whole number from {least} to {most}"
    (kind,) = get_args(kind)  # a sequence
    if not isinstance(value, list) or len(value) > LONGEST:
        return f"a list of at most {LONGEST}"
    answers = [_wrong(each, kind, limits or (0, LARGEST)) for each in value]
    return next((f"a list of which each is {answer}" for answer in answers if answer), None)


class _WithoutValues(TorchFunctionMode):
    """Leaves out random initial values, which nobody needs of shapes: on "meta" they bring in a compiler, for two seconds."""

    RANDOM = {f"{how}{kind}_" for how in ("", "kaiming_", "xavier_") for kind in ("normal", "uniform")} | {"trunc_normal_"}

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if getattr(func, "__name__", "") in self.RANDOM:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def check_weights(path: Path, cls: type[nn.Module], config: dict[str, Any], source: str) -> None:
    """Raises ValueError unless the header of a safetensors file holds exactly the tensors of ``cls(**config)``.

    The network is built without memory for that. SafetensorError for what is no such file.
    """
    with torch.device("meta"), _WithoutValues():
        needed = {name: tuple(tensor.shape) for name, tensor in cls(**config).state_dict().items()}
    with safe_open(path, framework="pt") as file:
        held = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - it is no dict
    for what, names in (
        ("lack", needed.keys() - held.keys()),
        ("have besides", held.keys() - needed.keys()),
        ("have in another shape", {name for name in needed.keys() & held.keys() if needed[name] != held[name]}),
    ):
        if names:
            some = ", ".join(sorted(names)[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            raise ValueError(f"The weights of {source} do not fit its config.json: they {what} {some}.")


def check_finite(tensors: dict[str, torch.Tensor], source: str) -> None:
    """Raises ValueError for tensors with NaN or infinities: a training that diverged, or a damaged file."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not tensor.isfinite().all():
            raise ValueError(f"The weights of {source} are not finite, first in {name}. The training that made them diverged.")
