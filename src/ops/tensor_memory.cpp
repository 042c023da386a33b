// Advises the kernel on the heap's addresses where tensors lie; the heap itself stays malloc's.
#include "aha/ops/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <malloc.h>
#include <sys/mman.h>

#include <mutex>
#include <unordered_set>

namespace aha::ops {
namespace {

constexpr uintptr_t kPageBytes = 2 << 20;
constexpr size_t kLeastBytes = 64 << 10;  // smaller tensors lie among others
constexpr int kKeptBytes = 1 << 30;
constexpr int kGrowthBytes = 64 << 20;  // of the heap at a time: a large page must lie in it as a whole

class LargePages : public c10::Allocator {
 public:
  explicit LargePages(c10::Allocator& memory) : memory_(memory) {}

  c10::DataPtr allocate(size_t bytes) override {
    c10::DataPtr data = memory_.allocate(bytes);
    if (bytes >= kLeastBytes) advise(reinterpret_cast<uintptr_t>(data.get()), bytes);
    return data;
  }
  c10::DeleterFnPtr raw_deleter() const override { return memory_.raw_deleter(); }
  void copy_data(void* to, const void* from, size_t bytes) const override { memory_.copy_data(to, from, bytes); }

  /// The heap has shrunk: where it grows again, it wants new advice.
  void forget() {
    const std::lock_guard lock(mutex_);
    advised_.clear();
  }

 private:
  // Each page once, as the advice stays with the address; one that the heap has not reached as a whole, later again.
  void advise(uintptr_t begin, size_t bytes) {
    const std::lock_guard lock(mutex_);
    for (uintptr_t page = begin / kPageBytes; page <= (begin + bytes - 1) / kPageBytes; ++page) {
      if (advised_.contains(page)) continue;
      if (madvise(reinterpret_cast<void*>(page * kPageBytes), kPageBytes, MADV_HUGEPAGE) == 0) advised_.insert(page);
    }
  }

  c10::Allocator& memory_;
  std::mutex mutex_;
  std::unordered_set<uintptr_t> advised_;
};

LargePages* large_pages = nullptr;  // in use

}  // namespace

void use_large_pages() {
  mallopt(M_ARENA_MAX, 1);  // what one thread frees serves the others
  mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  mallopt(M_TOP_PAD, kGrowthBytes);
  static LargePages pages(*c10::GetDefaultCPUAllocator());
  large_pages = &pages;
  c10::SetCPUAllocator(&pages, /*priority=*/1);
}

void return_kept_memory() {
  if (large_pages == nullptr) return;
  malloc_trim(0);
  large_pages->forget();
}

}  // namespace aha::ops
