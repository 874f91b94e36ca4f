"""Programs for whoever works on the skill; the skill never imports them."""
