"""Pulumi providers of our own: servicers of the provider protocol, in process or over gRPC."""
