"""What single rows can be wrong in, a rule a thing."""
