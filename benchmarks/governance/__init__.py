"""What governance finds, measured on noise that is put into real data."""
