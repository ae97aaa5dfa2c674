"""What the Kubernetes API takes: kinds, their schemas, and strict checks of manifests against them."""
