"""How a machine, and an Azure subscription, are made ready."""
