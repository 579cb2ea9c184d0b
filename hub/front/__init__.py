"""Where all rooms meet: home page, case pages, search, the board of recommendations, the scheduler."""
