"""The data estate: the lake and its zones, snapshots, datastores, other sources."""
