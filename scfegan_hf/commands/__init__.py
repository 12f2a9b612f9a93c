"""The commands of `scfegan`, a file for each kind of work; `describe` in each adds its own to the parser."""
