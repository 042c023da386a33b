# Starts 2,000 threads.
import threading
stop = threading.Event()
started = 0
try:
    for _ in range(2000):
        threading.Thread(target=stop.wait, daemon=True).start()
        started += 1
    print("ESCAPED: 2000 threads", flush=True)
except (RuntimeError, MemoryError) as error:
    print("stopped at", started, error)
stop.set()
