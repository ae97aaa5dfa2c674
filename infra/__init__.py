"""What exists: the Pulumi program of one stack. It knows Pulumi, its settings and the catalogue, nothing of the tool."""
