"""The recipe of the three offline voices; see README.md here."""
