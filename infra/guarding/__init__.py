"""What must not happen: policies of Azure, keys of our own, delete locks."""
