"""Which cloud a command acts on: the twin's process, its seed, and the variables that point clients at it."""
