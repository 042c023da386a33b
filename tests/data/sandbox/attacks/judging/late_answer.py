# Waits for the signal that ends it, and answers then.
# output: 42; expect: timeout|runtime_error; timeout: 0.5
import os
import signal
def answer(*_):
    os.write(1, b"42\n")
    os._exit(0)
for number in signal.valid_signals():
    try:
        signal.signal(number, answer)
    except (OSError, ValueError):
        pass
while True:
    signal.pause()
