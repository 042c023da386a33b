# Runs commands that read files, list processes and reach out.
# control
import subprocess
for command in ("cat @CANARY@", "cat /etc/shadow", "ps aux", "env", "curl -s http://127.0.0.1:@TCP@", "mount", "dmesg"):
    try:
        print(subprocess.run(command, shell=True, capture_output=True, timeout=2).stdout)
    except (OSError, subprocess.SubprocessError) as error:
        print("stopped:", error)
