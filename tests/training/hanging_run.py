"""Trains the toy and pushes it to a Hub that hangs, with little patience: hanging_run.py OUT."""

import sys
from pathlib import Path

from toy import Toy, toy_config

from scfegan_hf.training.release import publishing
from scfegan_hf.training.trainer import Trainer

publishing.PATIENCE = 3.0
Trainer(Toy(), toy_config(Path(sys.argv[1]), push_to_hub=True, checkpointing_steps=2)).train()
publishing.end_process(0)
