"""The inner loop: submit, follow, compare jobs and trace models, through Azure ML's own clients only."""
