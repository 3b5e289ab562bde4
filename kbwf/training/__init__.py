"""The arithmetic of adaptation: rewards, advantages, losses, training examples, guards. No torch, no files."""
