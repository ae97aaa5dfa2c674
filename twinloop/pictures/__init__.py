"""Graphs and plots as SVG text; pure functions that know neither Azure nor Pulumi."""
