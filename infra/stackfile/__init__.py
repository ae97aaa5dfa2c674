"""Stack files: read, changed, refused in words; what is secret in them stays so."""
