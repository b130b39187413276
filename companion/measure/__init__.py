"""What is measured about the product itself."""
