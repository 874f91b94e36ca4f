"""A pretend Echo: it understands, signs, sends and speaks as a device and Alexa's cloud would.

``understanding`` reads an utterance by the interaction model alone, ``device`` keeps the
session and sends signed requests over HTTP, and a face (``terminal``) lets a person talk to
the device. ``__main__`` joins them to the skill. Nothing in ``skill`` knows that this exists.
"""
