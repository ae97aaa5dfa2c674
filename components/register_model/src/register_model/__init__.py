"""Register a model with its lineage, once."""
