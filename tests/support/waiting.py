"""Waiting for what happens by itself."""
import time


def wait_for(condition, seconds):
    """Polls until `condition()` is true; returns its last value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.01)
