// Words and sentences of a text, as instructions count them.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

namespace aha::reward {

/// Runs of letters, digits and underscores.
int64_t count_written_words(std::string_view text);

/// Words with at least one letter and no small one; hyphens, apostrophes and periods inside a word do not end it.
int64_t count_capital_words(std::string_view text);

/// A sentence ends at . ? ! or … that white space or the end of the text follows, closing quotes, brackets and
/// asterisks between them left out, and at 。！？। anywhere. A period ends none after a usual abbreviation (Mr., e.g.),
/// a single letter, or the number that starts a line ("1. First"); dots in a row end none before a small letter. A line
/// end alone ends none. What is left at the end counts if there is a word in it, as a sentence always must have.
int64_t count_sentences(std::string_view text);

}  // namespace aha::reward
