"""What Pulumi itself needs before its first `up` on Azure: a place for state, a key, a deployer."""
