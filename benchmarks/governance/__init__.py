"""What governance finds, measured on real catalogues with noise put into them."""
