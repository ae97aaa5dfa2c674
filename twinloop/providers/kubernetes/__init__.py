"""The kubernetes package: any kind that a cluster serves, applied through the official client."""
