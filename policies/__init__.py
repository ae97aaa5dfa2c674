"""What may not be: rules over planned resources, as a pulumi-policy pack and as plain functions."""
