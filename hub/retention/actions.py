"""Changes to how long things are kept. Never commits, never renders."""
