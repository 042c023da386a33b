# Tells another box something by taking a name that only one can have.
# repeat: 4; timeout: 5
import errno
import socket
import time
try:
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind("\0aha_attack_@TOKEN@")
except OSError as error:
    print("ESCAPED: another box has the name" if error.errno == errno.EADDRINUSE else f"stopped: {error}")
time.sleep(0.4)
