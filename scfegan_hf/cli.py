"""The command line: `scfegan prepare | edit | trace | mask | makeup | studio | face | enlarge | convert | evaluate | ...`.

What each command takes and does is in commands/. Errors of the user's making are one line.
"""

import argparse
import sys

from scfegan_hf.commands import editing, making, portrait, serving, training


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except ModuleNotFoundError as error:
        extras = "cluster" if error.name == "ray" else "demo,prepare,train,export,web"
        print(f"error: {error}. Install what this command needs: pip install 'scfegan_hf[{extras}]'", file=sys.stderr)
        return 1
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scfegan", description="Edit a face by drawing on it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for kind in (training, editing, portrait, making, serving):
        kind.describe(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
