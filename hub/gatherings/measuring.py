"""A gathering as the plain values that measures are computed from."""
