# Prints its environment.
# control
import os
print(dict(os.environ))
