"""The door: HTTP in, a request that Alexa provably sent out.

`endpoint` is the Flask application, `verification` decides whether a request
is Alexa's, and `certificates` finds the key to decide with. Nothing here knows
a handler, a rule or a word that is spoken.
"""
