"""Who did what to whose data: an append-only log that shows when it was tampered with."""
