// Blocks of large pages that weights share.
#include "ops/cpu/weight_memory.h"

#include <sys/mman.h>

#include "ops/cpu/aligned_numbers.h"

namespace aha::ops {
namespace {

constexpr int64_t kPageBytes = 2 << 20;
constexpr int64_t kBlockBytes = 16 * kPageBytes;
constexpr int64_t kSmallBytes = 64 * 1024;  // less is not worth a place in a block
constexpr int64_t kLineBytes = 64;

int64_t round_up(int64_t bytes, int64_t unit) { return (bytes + unit - 1) / unit * unit; }

struct Block {
  explicit Block(int64_t bytes) : size(round_up(bytes, kPageBytes)) {
    memory.reset(static_cast<char*>(std::aligned_alloc(kPageBytes, static_cast<size_t>(size))));
    if (!memory) throw std::bad_alloc();
    madvise(memory.get(), static_cast<size_t>(size), MADV_HUGEPAGE);  // a wish: without it all works as well
  }
  int64_t size, used = 0;
  std::unique_ptr<char, FreeNumbers> memory;
};

std::shared_ptr<void> part_of(const std::shared_ptr<Block>& block, int64_t bytes) {
  char* begin = block->memory.get() + block->used;
  block->used += round_up(bytes, kLineBytes);
  return std::shared_ptr<void>(block, begin);
}

}  // namespace

std::shared_ptr<void> weight_memory(int64_t bytes) {
  if (bytes < kSmallBytes) return std::shared_ptr<void>(allocate_numbers<char>(bytes), FreeNumbers());
  if (bytes >= kBlockBytes / 4) return part_of(std::make_shared<Block>(bytes), bytes);
  // The weights alone keep a block: it goes with the last of them.
  thread_local std::weak_ptr<Block> current;
  std::shared_ptr<Block> block = current.lock();
  if (!block || block->used + bytes > block->size) {
    block = std::make_shared<Block>(kBlockBytes);
    current = block;
  }
  return part_of(block, bytes);
}

}  // namespace aha::ops
