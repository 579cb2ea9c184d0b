"""Pages where an organiser copies and changes session formats."""
