#!/usr/bin/env python3
"""Writes a DeepSeek-V3 model folder as GGUF, architecture deepseek2, for llama.cpp; weights keep their values.

  to_gguf.py FOLDER FILE.gguf --dtype float32|bfloat16

Matrices get the dtype; norms, the router and its correction stay float32, as llama.cpp's own converter has them. kv_b
is cut into its key part, transposed, and its value part: llama.cpp then keeps the latent cache alone (absorbed MLA).
There is no tokenizer: llama.cpp makes one of nameless tokens.
"""
import argparse
import json
import sys
from pathlib import Path

import gguf
import torch
from safetensors.torch import load_file

EXPERT_PARTS = {"gate_proj": "gate", "up_proj": "up", "down_proj": "down"}
PLAIN = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.q_a_proj": "attn_q_a",
    "self_attn.q_a_layernorm": "attn_q_a_norm",
    "self_attn.q_b_proj": "attn_q_b",
    "self_attn.kv_a_proj_with_mqa": "attn_kv_a_mqa",
    "self_attn.kv_a_layernorm": "attn_kv_a_norm",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "mlp.gate": "ffn_gate_inp",
    "mlp.shared_experts.gate_proj": "ffn_gate_shexp",
    "mlp.shared_experts.up_proj": "ffn_up_shexp",
    "mlp.shared_experts.down_proj": "ffn_down_shexp",
}


def write_shape(writer, config):
    latent, rope = config["kv_lora_rank"], config["qk_rope_head_dim"]
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_vocab_size(config["vocab_size"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(1)  # the absorbed form: all heads read one latent row
    if config.get("q_lora_rank"):
        writer.add_q_lora_rank(config["q_lora_rank"])
    writer.add_kv_lora_rank(latent)
    writer.add_key_length(latent + rope)
    writer.add_value_length(latent)
    writer.add_key_length_mla(config["qk_nope_head_dim"] + rope)
    writer.add_value_length_mla(config["v_head_dim"])
    writer.add_rope_dimension_count(rope)
    writer.add_rope_freq_base((config.get("rope_parameters") or config)["rope_theta"])


def write_experts_shape(writer, config):
    writer.add_leading_dense_block_count(config["first_k_dense_replace"])
    writer.add_expert_count(config["n_routed_experts"])
    writer.add_expert_used_count(config["num_experts_per_tok"])
    writer.add_expert_shared_count(config["n_shared_experts"])
    writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    writer.add_expert_group_count(config["n_group"])
    writer.add_expert_group_used_count(config["topk_group"])
    writer.add_expert_weights_scale(config["routed_scaling_factor"])
    writer.add_expert_weights_norm(config["norm_topk_prob"])
    writer.add_expert_gating_func(gguf.ExpertGatingFuncType.SIGMOID)


def write_tensor(writer, name, tensor, dtype):
    is_matrix = tensor.dim() > 1 and "ffn_gate_inp" not in name
    values = tensor.contiguous().float()
    if is_matrix and dtype == "bfloat16":
        halves = values.to(torch.bfloat16).view(torch.uint8).numpy()
        writer.add_tensor(name, halves, raw_dtype=gguf.GGMLQuantizationType.BF16)
    else:
        writer.add_tensor(name, values.numpy())


def layer_tensors(weights, config, layer):
    """(name, tensor) of one layer, in llama.cpp's names."""
    prefix = f"model.layers.{layer}."
    for ours, theirs in PLAIN.items():
        if (tensor := weights.get(f"{prefix}{ours}.weight")) is not None:
            yield f"blk.{layer}.{theirs}.weight", tensor
    nope = config["qk_nope_head_dim"]
    kv_b = weights[f"{prefix}self_attn.kv_b_proj.weight"]
    kv_b = kv_b.view(config["num_attention_heads"], nope + config["v_head_dim"], -1)
    yield f"blk.{layer}.attn_k_b.weight", kv_b[:, :nope].transpose(1, 2)
    yield f"blk.{layer}.attn_v_b.weight", kv_b[:, nope:]
    if f"{prefix}mlp.gate.weight" not in weights:
        return
    yield f"blk.{layer}.exp_probs_b.bias", weights[f"{prefix}mlp.gate.e_score_correction_bias"]
    for ours, theirs in EXPERT_PARTS.items():
        experts = [weights[f"{prefix}mlp.experts.{e}.{ours}.weight"] for e in range(config["n_routed_experts"])]
        yield f"blk.{layer}.ffn_{theirs}_exps.weight", torch.stack(experts)


def convert(folder, path, dtype):
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = {}
    for shard in sorted(folder.glob("*.safetensors")):
        weights |= load_file(shard)
    writer = gguf.GGUFWriter(path, "deepseek2")
    writer.add_file_type(gguf.LlamaFileType.ALL_F32 if dtype == "float32" else gguf.LlamaFileType.MOSTLY_BF16)
    write_shape(writer, config)
    write_experts_shape(writer, config)
    writer.add_tokenizer_model("none")
    write_tensor(writer, "token_embd.weight", weights["model.embed_tokens.weight"], dtype)
    write_tensor(writer, "output_norm.weight", weights["model.norm.weight"], dtype)
    write_tensor(writer, "output.weight", weights["lm_head.weight"], dtype)
    for layer in range(config["num_hidden_layers"]):
        for name, tensor in layer_tensors(weights, config, layer):
            write_tensor(writer, name, tensor, dtype)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("path", type=Path)
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), default="float32")
    arguments = parser.parse_args()
    try:
        convert(arguments.folder, arguments.path, arguments.dtype)
    except (OSError, KeyError) as error:
        sys.exit(f"{arguments.folder}: is no DeepSeek-V3 model folder: {error}")


if __name__ == "__main__":
    main()
