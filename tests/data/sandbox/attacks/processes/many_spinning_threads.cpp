// Works in 16 threads at once.
// expect: timeout; timeout: 0.5; memory_mb: 2048
#include <thread>
#include <vector>
int main() {
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i)
    threads.emplace_back([] {
      for (volatile unsigned long n = 0;; n = n + 1) continue;
    });
  for (std::thread& thread : threads) thread.join();
}
