"""Twinloop: machine-learning platforms on Azure, with a local twin of the cloud they stand on."""

__version__ = "0.1.0"
