// Capitals, opposites and weekdays.
#include "data/tasks/facts.h"

namespace aha::data {
namespace {

constexpr Fact kCapitals[] = {
    {"capital of France", "Paris", "法国首都", "巴黎"},      {"capital of Italy", "Rome", "意大利首都", "罗马"},
    {"capital of Japan", "Tokyo", "日本首都", "东京"},       {"capital of China", "Beijing", "中国首都", "北京"},
    {"capital of Egypt", "Cairo", "埃及首都", "开罗"},       {"capital of Norway", "Oslo", "挪威首都", "奥斯陆"},
    {"capital of Spain", "Madrid", "西班牙首都", "马德里"},  {"capital of Greece", "Athens", "希腊首都", "雅典"},
    {"capital of Cuba", "Havana", "古巴首都", "哈瓦那"},     {"capital of Peru", "Lima", "秘鲁首都", "利马"},
    {"capital of Kenya", "Nairobi", "肯尼亚首都", "内罗毕"}, {"capital of Russia", "Moscow", "俄罗斯首都", "莫斯科"},
};

constexpr Fact kOpposites[] = {
    {"opposite of hot", "cold", "热的反义", "冷"},   {"opposite of big", "small", "大的反义", "小"},
    {"opposite of long", "short", "长的反义", "短"}, {"opposite of high", "low", "高的反义", "低"},
    {"opposite of fast", "slow", "快的反义", "慢"},  {"opposite of old", "new", "旧的反义", "新"},
    {"opposite of wet", "dry", "湿的反义", "干"},    {"opposite of dark", "light", "暗的反义", "亮"},
};

constexpr Fact kWeekdays[] = {
    {"day after Sunday", "Monday", "周日后一天", "周一"},     {"day after Monday", "Tuesday", "周一后一天", "周二"},
    {"day after Tuesday", "Wednesday", "周二后一天", "周三"}, {"day after Wednesday", "Thursday", "周三后一天", "周四"},
    {"day after Thursday", "Friday", "周四后一天", "周五"},   {"day after Friday", "Saturday", "周五后一天", "周六"},
    {"day after Saturday", "Sunday", "周六后一天", "周日"},
};

constexpr std::span<const Fact> kGroups[] = {kCapitals, kOpposites, kWeekdays};

}  // namespace

std::span<const std::span<const Fact>> fact_groups() { return kGroups; }

}  // namespace aha::data
