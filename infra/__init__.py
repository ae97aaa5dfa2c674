"""What exists: the Pulumi program of one stack; it knows its settings and nothing of the tool."""
