"""The twin: one process that speaks ARM, Entra, Blob/DFS and Azure ML as Azure does."""
