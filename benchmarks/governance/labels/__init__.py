"""Wrong grades put into real judgements: how many are found, and what that is worth."""
