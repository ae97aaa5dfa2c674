"""Score a candidate, score the champion on the same rows, and say which should stand."""
