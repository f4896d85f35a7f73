"""Waiting for what happens by itself."""
import time

# Seconds after which something that has to happen by itself counts as never: many times what it takes
# on a slow machine with much else to do. Who waits for what must not happen says so himself.
LIMIT = 200


def wait_for(condition, seconds=LIMIT):
    """Polls until `condition()` is true; returns its last value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.01)
