// Ids of text under a SentencePiece model, and text of ids.
#include "data/sentencepiece_tokenizer.h"

#include <algorithm>
#include <unordered_map>

#include "aha/core/error.h"
#include "data/foreign_text.h"

namespace aha::data {
namespace {

constexpr int32_t kMaxId = 4'000'000;

std::vector<int32_t> byte_pieces(const SentencePieceModel& model) {
  std::vector<int32_t> ids;
  if (!model.has_byte_fallback) return ids;
  ids.resize(256);
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    if (model.pieces[id].type == PieceType::kByte) ids[byte_of_piece(model.pieces[id].text)] = static_cast<int32_t>(id);
  }
  return ids;
}

PieceTrie user_defined_pieces(const SentencePieceModel& model) {
  std::vector<std::pair<std::string_view, int32_t>> pieces;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePiece& piece = model.pieces[id];
    if (piece.type == PieceType::kUserDefined) pieces.emplace_back(piece.text, static_cast<int32_t>(id));
  }
  return PieceTrie(std::move(pieces));
}

// Values are indices of `tokens`; of two with the same text the later one counts.
PieceTrie written_tokens(const std::vector<WrittenToken>& tokens) {
  std::unordered_map<std::string_view, int32_t> last;
  for (size_t i = 0; i < tokens.size(); ++i) last[tokens[i].text] = static_cast<int32_t>(i);
  return PieceTrie({last.begin(), last.end()});
}

std::vector<WrittenToken> with_control_pieces(const SentencePieceModel& model, std::vector<WrittenToken> added) {
  std::vector<WrittenToken> tokens;
  for (size_t id = 0; id < model.pieces.size(); ++id) {
    const SentencePiece& piece = model.pieces[id];
    if (piece.type == PieceType::kControl) tokens.push_back({static_cast<int32_t>(id), piece.text, true});
  }
  tokens.insert(tokens.end(), std::make_move_iterator(added.begin()), std::make_move_iterator(added.end()));
  return tokens;
}

SentencePieceSettings complete(const SentencePieceModel& model, SentencePieceSettings settings) {
  settings.tokens = with_control_pieces(model, std::move(settings.tokens));
  if (settings.bos_id < 0) settings.bos_id = model.find(model.bos_piece, PieceType::kControl);
  if (settings.eos_ids.empty()) {
    if (const int32_t eos = model.find(model.eos_piece, PieceType::kControl); eos >= 0) settings.eos_ids = {eos};
  }
  if (settings.pad_id < 0) settings.pad_id = model.find(model.pad_piece, PieceType::kControl);
  if (settings.pad_id < 0 && !settings.eos_ids.empty()) settings.pad_id = settings.eos_ids[0];
  return settings;
}

void replace_marks(std::string& text) {
  for (size_t at = 0; (at = text.find(kSpaceMark, at)) != std::string::npos; ++at) {
    text[at] = ' ';
    text.erase(at + 1, kSpaceMark.size() - 1);
  }
}

}  // namespace

SentencePieceTokenizer::SentencePieceTokenizer(const SentencePieceModel& model, SentencePieceSettings settings,
                                               const std::string& place)
    : settings_(complete(model, std::move(settings))),
      byte_ids_(byte_pieces(model)),
      written_(written_tokens(settings_.tokens)),
      normalizer_(model, user_defined_pieces(model), place),
      segmenter_(model.is_bpe ? make_merge_segmenter(model, user_defined_pieces(model))
                              : make_unigram_segmenter(model)),
      is_bpe_(model.is_bpe),
      strips_space_(model.add_dummy_prefix || model.remove_extra_whitespaces),
      strips_all_spaces_(model.remove_extra_whitespaces) {
  for (const SentencePiece& piece : model.pieces) {
    if (piece.type == PieceType::kUnknown) unknown_id_ = static_cast<int32_t>(tokens_.size());
    tokens_.push_back(decoded_piece(model, piece));
  }
  add_tokens(place);
  check_roles(place);
}

SentencePieceTokenizer::Token SentencePieceTokenizer::decoded_piece(const SentencePieceModel& model,
                                                                    const SentencePiece& piece) {
  switch (piece.type) {
    case PieceType::kByte:
      return {std::string(1, static_cast<char>(byte_of_piece(piece.text)))};
    case PieceType::kUnknown:
      return {model.unk_surface};
    case PieceType::kControl:
      return {piece.text, /*is_special=*/true};
    default:
      break;
  }
  Token token{piece.text};
  token.starts_with_space = piece.text.starts_with(kSpaceMark) || (!model.escape_whitespaces && piece.text[0] == ' ');
  replace_marks(token.text);
  return token;
}

void SentencePieceTokenizer::add_tokens(const std::string& place) {
  for (const WrittenToken& token : settings_.tokens) {
    if (token.text.empty() || token.id < 0 || token.id >= kMaxId) {
      throw InputError(place, "has an added token `" + shortened(token.text) + "` of id " + std::to_string(token.id) +
                                  "; its text must not be empty, and its id from 0 to 3,999,999");
    }
    if (token.id >= std::ssize(tokens_)) tokens_.resize(token.id + 1);
    tokens_[token.id] = {token.text, token.is_special};
  }
}

void SentencePieceTokenizer::check_roles(const std::string& place) const {
  if (settings_.eos_ids.empty()) {
    throw InputError(place, "has no token that ends a text; name one as eos_token in tokenizer_config.json");
  }
  std::vector<int32_t> ids = settings_.eos_ids;
  ids.push_back(settings_.pad_id);
  if (settings_.bos_id >= 0) ids.push_back(settings_.bos_id);
  for (const int32_t id : ids) {
    if (id < 0 || id >= std::ssize(tokens_)) {
      throw InputError(place, "names token " + std::to_string(id) + ", which is outside its vocabulary of " +
                                  std::to_string(tokens_.size()) + " tokens");
    }
  }
}

std::vector<int32_t> SentencePieceTokenizer::prefix_ids() const {
  if (!settings_.adds_bos || settings_.bos_id < 0) return {};
  return {settings_.bos_id};
}

std::vector<int32_t> SentencePieceTokenizer::suffix_ids() const {
  if (!settings_.adds_eos) return {};
  return {settings_.eos_ids[0]};
}

std::vector<int32_t> SentencePieceTokenizer::encode(std::string_view text) const {
  return encode_text(text, /*wants_offsets=*/false).token_ids;
}

EncodedText SentencePieceTokenizer::encode_with_offsets(std::string_view text) const {
  return encode_text(text, /*wants_offsets=*/true);
}

EncodedText SentencePieceTokenizer::encode_text(std::string_view text, bool wants_offsets) const {
  EncodedText encoded;
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t length = written_.longest_match(text.substr(at));
    if (length == 0) {
      ++at;
      continue;
    }
    encode_plain(text.substr(begin, at - begin), static_cast<int64_t>(begin), wants_offsets, encoded);
    encoded.token_ids.push_back(settings_.tokens[written_.find(text.substr(at, length))].id);
    if (wants_offsets) encoded.begins.push_back(static_cast<int64_t>(at));
    begin = at += length;
  }
  encode_plain(text.substr(begin), static_cast<int64_t>(begin), wants_offsets, encoded);
  return encoded;
}

void SentencePieceTokenizer::encode_plain(std::string_view text, int64_t offset, bool wants_offsets,
                                          EncodedText& to) const {
  if (text.empty()) return;
  const NormalizedText normalized = normalizer_.normalize(text, /*is_start=*/offset == 0, wants_offsets);
  const auto add = [&](int32_t id, size_t begin) {
    to.token_ids.push_back(id);
    if (wants_offsets) to.begins.push_back(offset + normalized.origins[begin]);
  };
  bool was_unknown = false;
  for (const Segment& segment : segmenter_->segment(normalized.text)) {
    const bool is_unknown = segment.id == unknown_id_ || segment.id < 0;
    if (is_unknown && !byte_ids_.empty()) {
      for (size_t at = segment.begin; at < segment.begin + segment.length; ++at) {
        add(byte_ids_[static_cast<unsigned char>(normalized.text[at])], at);
      }
    } else if (!is_unknown || !was_unknown) {  // a run of unknown pieces is one
      add(segment.id, segment.begin);
    }
    was_unknown = is_unknown;
  }
}

std::string SentencePieceTokenizer::decode(const std::vector<int32_t>& token_ids, bool skip_special) const {
  std::string text;
  bool strips = strips_space_;
  for (const int32_t id : token_ids) {
    if (id < 0 || id >= vocab_size()) {
      throw InputError("token id " + std::to_string(id),
                       "is outside the vocabulary of " + std::to_string(vocab_size()) + " tokens");
    }
    const Token& token = tokens_[id];
    if (token.is_special && skip_special) continue;
    const bool drops_space = strips && text.empty() && token.starts_with_space;
    text.append(token.text, drops_space ? 1 : 0);
    if (drops_space && !strips_all_spaces_) strips = false;
  }
  return text;
}

std::shared_ptr<const ChatTemplate> SentencePieceTokenizer::chat_template() const {
  return settings_.chat_template ? settings_.chat_template : settings_.folder.make_chat_template();
}

}  // namespace aha::data
