"""What is measured, and against what: ratios between peers in one run, never absolute promises."""
