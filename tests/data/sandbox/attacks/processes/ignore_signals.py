# Ignores all signals and works on.
# expect: timeout; timeout: 0.5
import signal
for number in signal.valid_signals():
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
