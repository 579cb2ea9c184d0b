"""Published texts, found by their words."""
