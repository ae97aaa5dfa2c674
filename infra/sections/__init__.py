"""The sections of the settings: what people may write in a stack file, one part a file."""
