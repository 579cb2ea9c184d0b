"""The demonstration: a scripted dialogue, played through the public interfaces alone."""
