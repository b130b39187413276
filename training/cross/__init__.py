"""A small cross-encoder made from all-MiniLM-L6-v2, to measure what a second stage gives."""
