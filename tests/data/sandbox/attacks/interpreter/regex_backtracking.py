# Matches a pattern that takes longer than the universe.
# expect: timeout; timeout: 0.5
import re
re.match(r"(a+)+$", "a" * 60 + "b")
