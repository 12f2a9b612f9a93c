"""Train a recipe: `accelerate launch train_accelerate.py RECIPE --output_dir OUT --train_data_dir PREPARED ...`."""

from scfegan_hf.training.command import main

if __name__ == "__main__":
    main()
