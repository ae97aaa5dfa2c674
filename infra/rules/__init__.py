"""Rules between sections of the settings, and between stacks; no cloud is asked."""
