"""The endpoints that ``scripts/benchmark.py`` compares, each a module with a WSGI ``app``.

Each reads what it needs from the folder that the benchmark names in its environment.
"""

from typing import Final

FOLDER_VARIABLE: Final = "BENCHMARK_FOLDER"
"""Names the folder with ``root.pem``, ``chain.pem`` and ``answer.json``."""
