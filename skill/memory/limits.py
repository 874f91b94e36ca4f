"""How long an operation on a store may take, and how many may run at once.

A turn asks the memory at most twice before it answers, and it has to answer within two seconds.
What an engine can be told to give up by itself, it gives up first, so that its error is heard.
"""

from __future__ import annotations

from typing import Final

DEADLINE_SECONDS: Final = 0.9
ENGINE_SECONDS: Final = 0.8
LOCK_SECONDS: Final = 0.6

# Fewer than the threads of a worker (`gunicorn.conf.py`), so that an emergency finds one that does
# not wait for a store.
MOST_OPERATIONS: Final = 6
# When all are under way, one ends soon, unless the store hangs. It counts towards the deadline.
WAIT_FOR_ANOTHER_SECONDS: Final = 0.3
