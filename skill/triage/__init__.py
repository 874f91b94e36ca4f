"""What the answers amount to: the rule set and the engine that reads it; pure."""
