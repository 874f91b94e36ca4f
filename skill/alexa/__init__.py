"""The translation between Alexa's requests and responses and the dialogue."""
