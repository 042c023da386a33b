// Loads a model folder, samples from it, and takes one GRPO step with a reward of its own: embed MODEL OUTPUT
#include <aha/aha.h>

#include <iostream>

// Prefers short completions.
class ShortReward final : public aha::reward::Reward {
 public:
  aha::reward::Score score(const aha::reward::Submission& submission) const override {
    return {.value = 1.0 / (1.0 + submission.completion.size())};
  }
};

int main(int argc, char** argv) try {
  if (argc != 3) throw aha::ConfigError("usage: embed MODEL OUTPUT");
  aha::model::Model policy = aha::model::load(argv[1]);
  const auto tokenizer = aha::data::load_tokenizer(argv[1]);

  aha::data::PromptBatch prompts;
  for (const char* problem : {"sum 1+2+3", "sum 4+4+1"}) {
    prompts.push_back(aha::data::make_prompt({.prompt = problem}, std::ssize(prompts), "plain", *tokenizer));
  }

  aha::rollout::Engine engine(policy, tokenizer);
  const aha::rollout::SamplingParams sampling{.num_generations = 4, .max_completion_length = 16};
  for (const auto& completion : engine.generate(prompts, sampling, {.seed = 1}).completions) {
    std::cout << prompts[completion.prompt_index].example.prompt << " -> " << completion.text << "\n";
  }

  aha::train::GrpoTrainer trainer(policy, tokenizer, {.sampling = sampling},
                                  aha::reward::Scorer({{.name = "short"}}, {std::make_shared<ShortReward>()}),
                                  /*seed=*/1, "embed");
  const aha::train::StepReport report = trainer.step(prompts, /*step=*/0, /*num_steps=*/1);
  std::cout << "reward " << report.metrics.at("reward") << ", grad_norm " << report.metrics.at("grad_norm") << "\n";

  aha::make_folder(argv[2]);
  policy.save(argv[2]);
  tokenizer->save(argv[2]);
} catch (const aha::Error& error) {
  std::cerr << error.what() << "\n";
  return static_cast<int>(error.code());
}
