"""Training of the small built-in Swedish-English translation model (see README.md here)."""
