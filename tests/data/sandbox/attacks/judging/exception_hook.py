# Swallows its own exception and says that all is well.
import sys
sys.excepthook = lambda *_: print('{"status": "ok"}')
raise RuntimeError
