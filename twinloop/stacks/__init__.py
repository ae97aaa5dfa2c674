"""Bring a stack up, preview, refresh, destroy: picks the engine, wires it, returns one outcome whichever ran."""
