# Ends while a thread that is no daemon waits for ever.
# expect: timeout; timeout: 0.5
import threading
threading.Thread(target=threading.Event().wait).start()
print("done")
