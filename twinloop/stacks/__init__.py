"""Bring a stack up, preview, refresh, destroy: picks the engine and returns one outcome whichever ran."""
