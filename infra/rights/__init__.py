"""Who may do what: the tables of grants with their reasons, identities, role assignments."""
