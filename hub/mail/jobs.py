"""Writing and sending the mails that are due."""
