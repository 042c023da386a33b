#!/usr/bin/env python3
"""Makes a model folder with random float32 weights from a config, by transformers, for every sampler to load.

  make_model.py CONFIG FOLDER [--seed 1]

Matrices have a standard deviation of hidden_size ** -0.5, which keeps activations near 1 and gives logits that differ;
norms and the router's correction are random too, so that a comparison of two programs sees each of them. The folder
has no tokenizer: what is timed takes token ids.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
import transformers


def read_config(path):
    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        sys.exit(f"{path}: is no readable config: {error}")
    return transformers.DeepseekV3Config(**values)


def randomize_vectors(model, generator):
    """transformers starts norms at 1 and corrections at 0, where a wrong use of them goes unseen."""
    for name, tensor in model.state_dict().items():
        noise = torch.randn(tensor.shape, generator=generator)
        if name.endswith("norm.weight") or name.endswith("layernorm.weight"):
            tensor.copy_(1 + 0.1 * noise)
        elif name.endswith("e_score_correction_bias"):
            tensor.copy_(0.02 * noise)


def make_model(config, seed):
    config.initializer_range = config.hidden_size**-0.5
    torch.manual_seed(seed)
    with torch.no_grad():
        model = transformers.DeepseekV3ForCausalLM(config).float()
        randomize_vectors(model, torch.Generator().manual_seed(seed))
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config")
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    model = make_model(read_config(arguments.config), arguments.seed)
    model.save_pretrained(arguments.folder)
    count = sum(parameter.numel() for parameter in model.parameters())
    print(f"{arguments.folder}: {count / 1e6:.2f}M parameters")


if __name__ == "__main__":
    main()
