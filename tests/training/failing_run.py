"""A training with sample workers whose third turn raises; run as a process of its own, which must end."""

import sys
from dataclasses import dataclass

from toy import Toy, toy_config

from scfegan_hf.training.trainer import Trainer


@dataclass(frozen=True)
class Failing(Toy):
    def turn(self, name: str):
        plain = super().turn(name)

        def loss(networks, batch, shared):
            if batch["x"][0, 0] >= 4:
                raise RuntimeError("this turn fails")
            return plain(networks, batch, shared)

        return loss


if __name__ == "__main__":
    Trainer(Failing(), toy_config(sys.argv[1], dataloader_num_workers=2, max_train_steps=100)).train()
