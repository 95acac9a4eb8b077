"""What is learned: the text encoder, the two towers, their task, and the graph that serves them."""
