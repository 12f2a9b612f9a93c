"""Entry point of a Space, and of `make demo`: serves the app with the weights that the package carries."""

from scfegan_hf.demo import launch

if __name__ == "__main__":
    launch()
