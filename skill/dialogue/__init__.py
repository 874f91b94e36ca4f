"""The talk: events in, lines to say out; pure, with no words and no Alexa in it."""
