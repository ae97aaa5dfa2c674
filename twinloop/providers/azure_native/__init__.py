"""The azure-native package: generic over Azure Resource Manager by the table of resource types."""
