"""Blob storage of the local Azure: contents on disk, rows in the store, rights by role assignments."""
