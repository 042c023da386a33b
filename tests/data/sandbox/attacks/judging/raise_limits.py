# Lifts all its limits and takes 1 GB.
# output: 42; expect: memory|runtime_error
import resource
for name in dir(resource):
    if name.startswith("RLIMIT_"):
        try:
            limit = getattr(resource, name)
            _, hard = resource.getrlimit(limit)
            resource.setrlimit(limit, (hard, hard))
            if hard != resource.RLIM_INFINITY:
                resource.setrlimit(limit, (hard + 1, hard + 1))
                print("ESCAPED: lifted", name)
        except (OSError, ValueError):
            pass
block = bytearray(1 << 30)
print(42)
