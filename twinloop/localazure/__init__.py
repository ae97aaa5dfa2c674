"""The twin: one process that speaks ARM, Entra, Blob/DFS, Azure ML and the Kubernetes API as Azure does."""
