"""What the two commands are made of. Standard library only: it runs before anything is installed."""
