"""The recipe of the two offline voices; see README.md here."""
