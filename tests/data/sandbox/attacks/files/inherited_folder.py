# Goes up from every open folder, and reads every open file from its beginning.
# control
import os
for descriptor in range(3, 4096):
    try:
        print(os.pread(descriptor, 300, 0))
    except OSError:
        pass
    for up in ("", "../" * 20):
        try:
            file = os.open(up + "@CANARY@"[1 if up else 0:], os.O_RDONLY, dir_fd=descriptor)
            print(os.read(file, 300))
        except OSError:
            pass
