"""One line below a cell that says what it is doing, and how far it is.

Nothing is shown within the first second, outside notebooks, or where the environment variable DLT_LIVE is 0 (when
outputs are stored or compared: seconds are never the same).
"""

import concurrent.futures
import html
import os
import time

from IPython import get_ipython
from IPython.display import display

QUIET_SECONDS = 1.0
PERIOD_SECONDS = 0.2
_STYLE = "font-size:16px;font-size:max(16px,var(--jp-content-font-size1))"
_BAR = "width:12em;margin-right:.8em;vertical-align:middle;accent-color:var(--jp-brand-color1,#1976d2)"


class Line:
    """The line below the cell, once a second has passed; `with Line() as line:` says so if an error ends it."""

    def __init__(self):
        self._begun = self._shown = time.perf_counter()
        self._display = None
        self.silent = os.environ.get("DLT_LIVE") == "0" or getattr(get_ipython(), "kernel", None) is None

    def __enter__(self):
        return self

    def __exit__(self, error, *_):
        if error:
            self.end(f"Stopped after {self.seconds():.0f} s")

    def seconds(self):
        """How long ago it was made."""
        return time.perf_counter() - self._begun

    def show(self, share, text):
        """Show a bar, a text and the seconds; not more often than can be read.

        Args:
            share: from 0 to 1, or None if nobody knows.
            text: what is being done.
        """
        now = time.perf_counter()
        if not self.silent and now - self._begun > QUIET_SECONDS and now - self._shown > PERIOD_SECONDS:
            self._shown = now
            value = "" if share is None else f'value="{share:.3f}" '
            bar = f'<progress {value}aria-label="{html.escape(text)}" style="{_BAR}"></progress>'
            self._send(bar, f"{text}, {self.seconds():.0f} s")

    def end(self, text):
        """Leave a text in its place, if it was shown.

        Args:
            text: what has been done.
        """
        if self._display is not None:
            self._send("", text)

    def _send(self, bar, text):
        shown = f'<div class="dlt-live" style="{_STYLE}">{bar}{html.escape(text)}</div>'
        data = {"text/html": shown, "text/plain": text}
        if self._display is None:
            self._display = display(data, raw=True, display_id=True)
        else:
            self._display.update(data, raw=True)


def wait(future, text, end):
    """Wait until a `concurrent.futures.Future` is done, and show what is waited for.

    Args:
        future: Future.
        text: what is shown while it is not done.
        end: what is left in its place.
    """
    with Line() as line:
        while concurrent.futures.wait([future], PERIOD_SECONDS).not_done:
            line.show(None, text)
        line.end(f"{end}, {line.seconds():.0f} s")
