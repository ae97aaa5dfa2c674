"""The Azure ML workspace, what it computes on, and what people work with in it."""
