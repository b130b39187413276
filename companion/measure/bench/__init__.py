"""What talking costs: the rows P1 to P30, measured here, each against its floor."""
