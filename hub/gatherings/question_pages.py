"""Pages with the questions before and after a session."""
