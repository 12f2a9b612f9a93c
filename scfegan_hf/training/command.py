"""The command line of training: flags come from the recipe's dataclass and from TrainConfig."""

import sys
from dataclasses import dataclass

import tyro

from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.faults import RESUME_ME, Stopped, TrainingFault
from scfegan_hf.training.release.publishing import end_process
from scfegan_hf.training.trainer import Trainer


def main(arguments: list[str] | None = None) -> None:
    """Parse RECIPE and flags, train. Errors of the user's making end with one line instead of a traceback.

    Exit codes: 0 done, 1 an error, 2 a wrong flag, 75 stopped by a signal with all saved: run the same command again.
    """
    from scfegan_hf.recipes import recipe_class, recipe_names

    arguments = sys.argv[1:] if arguments is None else arguments
    if not arguments or arguments[0] not in recipe_names():
        raise SystemExit(f"usage: train_accelerate.py {{{','.join(recipe_names())}}} --output_dir OUT [--help for all flags]")
    recipe_type = recipe_class(arguments[0])

    @dataclass(frozen=True)
    class Run:
        recipe: tyro.conf.OmitArgPrefixes[recipe_type]
        training: tyro.conf.OmitArgPrefixes[TrainConfig]

    defaults = Run(recipe_type(), TrainConfig(output_dir=tyro.MISSING, **recipe_type.training))
    run = tyro.cli(Run, args=arguments[1:], prog=f"train_accelerate.py {arguments[0]}", default=defaults, use_underscores=True)
    try:
        Trainer(run.recipe, run.training).train()
    except Stopped as stopped:
        print(f"{stopped}. Exit code {RESUME_ME}: run the same command again to go on.", file=sys.stderr)
        end_process(RESUME_ME)
        raise SystemExit(RESUME_ME) from stopped
    except (OSError, TrainingFault, ValueError) as error:
        # A sample worker's error arrives with its traceback before it.
        message = f"error: {str(error).strip().splitlines()[-1].removeprefix('ValueError: ')}"
        end_process(1, message)
        raise SystemExit(message) from error
    end_process(0)
