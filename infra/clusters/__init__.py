"""Kubernetes: clusters, pools, what Azure ML gets of them, what is in them."""
