"""How long things are kept, and deleting them when that time is over."""
