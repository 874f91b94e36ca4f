"""The least that Flask can do: read the body and return a constant of the same size.

What the other endpoints cost beyond this one is theirs; the rest is the server's and Flask's.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask, Response, request

from scripts.benchmarked import FOLDER_VARIABLE

_ANSWER = Path(os.environ[FOLDER_VARIABLE], "answer.json").read_bytes()

app = Flask(__name__, static_folder=None)


@app.post("/")
def constant_answer() -> Response:
    """Answer every request alike."""
    request.get_data(cache=False, parse_form_data=False)
    return Response(_ANSWER, content_type="application/json; charset=utf-8")
