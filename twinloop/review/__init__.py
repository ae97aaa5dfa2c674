"""Stacks on paper: what a change does, and to whom; and what the checks and the bill look at."""
