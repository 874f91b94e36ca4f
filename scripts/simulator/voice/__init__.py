"""A mouth and an ear for the pretend Echo, on this machine alone.

``speaking`` turns SSML into sound, ``hearing`` turns sound into words, ``playing`` lets a
terminal be heard. Each says in one line what is missing; the simulator works without them.
"""
