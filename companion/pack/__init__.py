"""What ships, what can be fetched, and the demonstration that runs with what ships."""
