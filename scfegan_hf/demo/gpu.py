"""A GPU on loan: ZeroGPU Spaces have one only while a function that asked for it runs, in a process forked for that."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

# How long a loan may take, in seconds. ZeroGPU reserves so much of a visitor's daily share for each edit (60 if nothing is
# said), and lends sooner to whoever asks for less. The largest photo in four candidates takes less on one CPU core.
LONGEST_LOAN = 30


def gpu_is_lent() -> bool:
    """Whether this is a ZeroGPU Space. To be asked before any network is loaded: asking has PyTorch act as if there were a GPU.

    Other Spaces have the package `spaces` too.
    """
    if find_spec("spaces") is None:
        return False
    from spaces.config import Config

    return Config.zero_gpu


def with_gpu(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with a GPU lent to each call on a ZeroGPU Space; elsewhere the function itself."""
    if not gpu_is_lent():
        return function
    import spaces

    lent = spaces.GPU(partial(_value_or_complaint, function), duration=LONGEST_LOAN)

    def called(*arguments: Any) -> Any:
        answer = lent(*arguments)
        if isinstance(answer, ValueError):
            raise answer
        return answer

    return called


def _value_or_complaint(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function returns, or the ValueError it raises: `spaces` would tell its class alone, and give the process up."""
    try:
        return function(*arguments)
    except ValueError as error:
        return error
