"""Jobs of the local Azure ML: read, checked, queued, run as processes, followed to their end."""
