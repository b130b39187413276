"""What starts and ends a recording. Here: the keyboard of a terminal."""
