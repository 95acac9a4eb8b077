"""Which training settings suit a shop? KerasTuner asks, within a time budget."""
