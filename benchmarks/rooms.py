"""The package's rooms in figures: files, lines, longest file and function, and circles of imports.

    python benchmarks/rooms.py CHECKOUT [CHECKOUT ...]

A room is a folder of scfegan_hf, or a file at its top. A circle is a pair of files that reach each other by imports.
"""

import argparse
import ast
from collections import defaultdict
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkouts", nargs="+", type=Path)
    print("| checkout | rooms | files | lines | longest file | longest function | circles |\n|---|---:|---:|---:|---|---|---:|")
    for checkout in parser.parse_args().checkouts:
        print(row(checkout))


def row(checkout: Path) -> str:
    """A line of the table."""
    package = checkout / "scfegan_hf"
    files = sorted(package.rglob("*.py"))
    lines = {path: path.read_text().count("\n") for path in files}
    names = {".".join((package.name, *path.relative_to(package).with_suffix("").parts)): path for path in files}
    imports, functions = defaultdict(set), []
    for here, path in names.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                imports[here] |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)} & names.keys()
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.append((node.end_lineno - node.lineno + 1, node.name, path))
    reached = {start: reach(start, imports) - {start} for start in imports}
    circles = {frozenset((a, b)) for a in reached for b in reached[a] if a in reached.get(b, ())}
    length, name, where = max(functions)
    longest = max(lines, key=lines.get)
    return (
        f"| {checkout.resolve().name} | {len({path.relative_to(package).parts[0] for path in files})} | {len(files)} "
        f"| {sum(lines.values())} | {longest.relative_to(package)} ({lines[longest]}) "
        f"| {where.relative_to(package)} `{name}` ({length}) | {len(circles)} |"
    )


def reach(start: str, imports: dict[str, set[str]]) -> set[str]:
    """All files that ``start`` imports, directly or not."""
    found, waiting = set(), [start]
    while waiting:
        for name in imports.get(waiting.pop(), ()):
            if name not in found:
                found.add(name)
                waiting.append(name)
    return found


if __name__ == "__main__":
    main()
