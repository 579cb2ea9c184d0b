"""Where all rooms meet: home page, cases, search, the board of recommendations, scheduler."""
