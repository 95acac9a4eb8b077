"""How a run on this machine is kept in its folder, shown on the terminal and explained."""
