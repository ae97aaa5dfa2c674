"""The ground that every service of the local Azure stands on."""
