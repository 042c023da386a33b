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

// Not of the heap: when the weights go, the system has it back.
struct Block {
  explicit Block(int64_t bytes) : size(round_up(bytes, kPageBytes)), mapped(static_cast<size_t>(size + kPageBytes)) {
    begin = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (begin == MAP_FAILED) throw std::bad_alloc();
    memory = reinterpret_cast<char*>(round_up(reinterpret_cast<int64_t>(begin), kPageBytes));
    madvise(memory, static_cast<size_t>(size), MADV_HUGEPAGE);  // a wish: without it all works as well
  }
  ~Block() { munmap(begin, mapped); }
  Block(const Block&) = delete;

  const int64_t size;
  int64_t used = 0;
  const size_t mapped;
  void* begin;
  char* memory;
};

std::shared_ptr<void> part_of(const std::shared_ptr<Block>& block, int64_t bytes) {
  char* begin = block->memory + block->used;
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
