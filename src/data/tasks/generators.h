// One function a generator; the table in task.cpp names them.
#pragma once
#include <memory>

#include "aha/data/task.h"

namespace aha::data {

std::unique_ptr<Task> make_last_digit_sum(const TaskOptions& options);
std::unique_ptr<Task> make_plain_sum(const TaskOptions& options);

}  // namespace aha::data
