"""Run by torchrun in test_processes.py: train job after job, then let every process write what it holds."""

import json
import sys
from pathlib import Path

from safetensors.torch import save_file

from scfegan_hf.recipes import recipe_class
from scfegan_hf.training.config import TrainConfig
from scfegan_hf.training.trainer import Trainer

for given in json.loads(Path(sys.argv[1]).read_text()):
    trainer = Trainer(recipe_class(given["recipe"])(**given["options"]), TrainConfig(**given["config"]))
    trainer.accelerator.end_training = lambda: None  # which would end the group that the next job needs
    trainer.train()
    held = {f"{name}.{key}": value for name, n in trainer.trainable.items() for key, value in n.state_dict().items()}
    path = Path(given["config"]["output_dir"]) / f"rank-{trainer.accelerator.process_index}.safetensors"
    save_file({k: v.contiguous() for k, v in held.items()}, path, {"processes": str(trainer.accelerator.num_processes)})
