"""Fit gradient-boosted trees for a two-class table."""
