"""Charters for coproduction in two languages: texts, statuses, versions, what dialogues gave."""
