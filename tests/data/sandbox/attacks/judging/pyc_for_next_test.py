# Plants byte code of a library that the next test loads.
import importlib.util
import os
for name in ("json", "collections", "re", "site", "encodings"):
    found = importlib.util.find_spec(name)
    try:
        open(found.cached, "r+b").write(b"\0")
        print("ESCAPED: changed", found.cached)
    except (OSError, TypeError):
        pass
