"""The Upper Back Check skill, built in floors that import downwards only.

``errors``, ``log_lines`` and the data in ``rules`` lie at the bottom. ``triage`` turns answers into
advice, ``dialogue`` turns events into lines to say, and ``speech`` turns lines into words;
all three are pure. On top, side by side and unaware of each other, ``alexa`` translates
requests and responses, ``web`` lets only genuine requests in, and ``memory`` keeps unfinished
checks where an operator wants that. ``app.py`` joins them.
"""
