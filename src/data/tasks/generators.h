// One function a generator; the table in task.cpp names them.
#pragma once
#include <memory>

#include "aha/data/task.h"

namespace aha::data {

std::unique_ptr<Task> make_last_digit_sum(const TaskOptions& options);
std::unique_ptr<Task> make_plain_sum(const TaskOptions& options);
std::unique_ptr<Task> make_running_sum(const TaskOptions& options);
std::unique_ptr<Task> make_sort_digits(const TaskOptions& options);
std::unique_ptr<Task> make_countdown(const TaskOptions& options);
std::unique_ptr<Task> make_linear_equation(const TaskOptions& options);
std::unique_ptr<Task> make_knights_and_knaves(const TaskOptions& options);
std::unique_ptr<Task> make_multiple_choice(const TaskOptions& options);
std::unique_ptr<Task> make_stack_program(const TaskOptions& options);
std::unique_ptr<Task> make_python_program(const TaskOptions& options);

}  // namespace aha::data
