# Changes what its clocks say, so that it seems to have been quick.
# output: 42; expect: timeout; timeout: 0.5
import time
sleep = time.sleep
time.time = time.monotonic = time.perf_counter = time.process_time = lambda: 0.0
try:
    time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME) - 100)
    print("ESCAPED: set the clock")
except OSError:
    pass
sleep(1.5)
print(42)
