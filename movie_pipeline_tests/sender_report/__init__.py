"""What a sender is told of a file."""
