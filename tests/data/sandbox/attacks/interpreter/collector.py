# Builds rings of objects that come back to life when collected.
# expect: timeout|memory|runtime_error; timeout: 0.5; memory_mb: 64
import gc
kept = []
class Phoenix:
    def __init__(self):
        self.ring = self
    def __del__(self):
        kept.append(self)
        kept.append(Phoenix())
while True:
    Phoenix()
    gc.collect()
