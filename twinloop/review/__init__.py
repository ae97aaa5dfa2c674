"""What a change does, and to whom: two revisions of the program, or the program and the live state."""
