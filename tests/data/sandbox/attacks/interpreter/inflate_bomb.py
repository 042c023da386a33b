# Inflates 4 GB out of 4 MB.
# expect: memory|runtime_error|timeout; timeout: 4
import zlib
packer = zlib.compressobj(9)
small = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
print(len(zlib.decompress(small * 1)) * len(bytearray(4 << 30)))
