"""Which material is due for deletion, and when. Plain: no database, no clock."""
