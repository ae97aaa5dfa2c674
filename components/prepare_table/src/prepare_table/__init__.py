"""Check a table against its schema and split it into training and test rows."""
