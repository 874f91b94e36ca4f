"""The memory of unfinished checks: kept only where an operator gives a store.

A row is a caller's key, a version, a sealed document and when it expires; nothing in it can be
read without the operator's keys, or be told to be anybody's.

    opening     settings in, a memory out; the only module that others import
    guarded     a deadline, a breaker and a bound on threads around any memory
    sealed      the port `skill.dialogue.keeping` over rows that hold sealed documents
    sqlite, postgresql, dynamodb     where the rows lie
"""
