"""Mail that the hub sends: what waits, how it is written and how it goes out."""
