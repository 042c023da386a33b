# Sleeps past its deadline.
# expect: timeout; timeout: 0.5
import time
time.sleep(1000)
