"""Facts about Azure as data, each with its source; one copy for all rooms."""
