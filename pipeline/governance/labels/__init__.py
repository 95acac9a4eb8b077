"""Which judgements are wrong: grades that contradict the words and the other judgements."""
