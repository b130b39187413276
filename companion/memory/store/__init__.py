"""What is kept on the disk: the journal, its formats, its copy, and whether it is sound."""
