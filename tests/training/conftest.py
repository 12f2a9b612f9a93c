"""The settings of tiny whole runs."""

import pytest
from whole_runs import TINY_RUN

from scfegan_hf.recipes.scfegan import SCFEGAN
from scfegan_hf.training.config import TrainConfig


@pytest.fixture(scope="session")
def recipe(tiny_options) -> SCFEGAN:
    return SCFEGAN(**tiny_options["scfegan"])


@pytest.fixture
def configured(prepared, tmp_path):
    """A function from a folder's name and options to the settings of a tiny run."""

    def configure(folder: str = "run", **options) -> TrainConfig:
        given = {"train_data_dir": (prepared,), **TINY_RUN, **options}
        return TrainConfig(output_dir=str(tmp_path / folder), **given)

    return configure
