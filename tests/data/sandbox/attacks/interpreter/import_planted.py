# Imports what it has just written, and what lies beside it.
import os
import sys
import tempfile
folder = tempfile.gettempdir()
try:
    open(os.path.join(folder, "planted.py"), "w").write("import os\nprint(os.listdir('/'))\n")
    sys.path.insert(0, folder)
    import planted
except (OSError, ImportError) as error:
    print("stopped:", error)
