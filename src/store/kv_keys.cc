#include "store/kv_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>

#include "base/money.h"
#include "store/cells.h"
#include "store/index.h"

namespace barracuda::store {

Ref RefOf(const domain::ConversionKey& key) {
    Ref ref;
    ref.key.reserve(key.click.value.size() + key.goal.value.size() + key.occurrence.size() + 3);
    AppendText(ref.key, key.click.value);
    AppendText(ref.key, key.goal.value);
    if (!key.occurrence.empty()) AppendText(ref.key, key.occurrence);
    return ref;
}

domain::ConversionKey ConversionKeyOf(const Ref& ref) {
    domain::ConversionKey key;
    std::string_view rest = ref.key;
    for (std::string* part : {&key.click.value, &key.goal.value, &key.occurrence}) {
        size_t end = rest.find('\0');
        if (end == std::string_view::npos) break;
        *part = std::string(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return key;
}

std::string RollupValue::Bytes() const {
    std::string bytes(24, '\0');
    std::memcpy(bytes.data(), &count, 8);
    std::memcpy(bytes.data() + 8, &micros, 16);
    return bytes;
}

std::optional<RollupValue> RollupValue::Parse(std::string_view bytes) {
    if (bytes.size() != 24) return std::nullopt;
    RollupValue value;
    std::memcpy(&value.count, bytes.data(), 8);
    std::memcpy(&value.micros, bytes.data() + 8, 16);
    return value;
}

std::string DocumentKey(const Ref& ref) { return static_cast<char>(ref.collection) + ref.key; }

// Owner, collection, due, primary key. An owner that holds a NUL is nobody's name.
std::optional<std::string> WorkKeyOf(const Ref& ref, const domain::TopFields& document) {
    auto due = document.Date("due");
    if (!due) return std::nullopt;
    std::string owner = document.TextOr("owner");
    if (owner.find('\0') != std::string::npos) owner.clear();
    std::string key;
    AppendText(key, owner);
    key.push_back(static_cast<char>(ref.collection));
    AppendDate(key, *due);
    key.append(ref.key);
    return key;
}

std::optional<WorkItem> WorkItemOf(std::string_view work_key) {
    const size_t end = work_key.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    auto due = DateIn(work_key, end + 2);
    if (!due) return std::nullopt;
    WorkItem item;
    item.owner = NodeId(work_key.substr(0, end));
    item.ref.collection = static_cast<Collection>(work_key[end + 1]);
    item.due = *due;
    item.ref.key = std::string(work_key.substr(end + 10));
    return item;
}

std::string DerivedVersion() {
    return fmt::format("{}.{}.{}.{}", kIndexVersion, kRollupVersion, kWorkVersion, kCellVersion);
}

bool IsNewerThanOurs(std::string_view version) {
    const int ours[] = {kIndexVersion, kRollupVersion, kWorkVersion, kCellVersion};
    for (size_t i = 0; !version.empty(); ++i) {
        if (i == std::size(ours)) return true;
        int number = 0;
        const char* end = version.data() + version.size();
        const auto [rest, error] = std::from_chars(version.data(), end, number);
        if (error != std::errc()) return false;  // no version at all: built anew
        if (number > ours[i]) return true;
        version.remove_prefix(std::min<size_t>(rest - version.data() + 1, version.size()));
    }
    return false;
}

std::optional<std::pair<std::string, RollupValue>> RollupOf(
    const Ref& ref, const domain::TopFields& document
) {
    static constexpr const char* kOfConversions[] = {
        "affiliate_id", "goal_type", "status", "currency"};
    static constexpr const char* kOfContacts[] = {
        "type", "status", "affiliate_status", "ftd", "ftd_currency"};
    bool contact = ref.collection == Collection::kContacts;
    if (!contact && ref.collection != Collection::kConversions) return std::nullopt;
    constexpr size_t kUsual = 96;  // bytes of a key
    std::string key, spare;
    key.reserve(kUsual);
    key.push_back(kRollupPrefix);
    key.push_back(static_cast<char>(ref.collection));
    AppendText(key, document.Date("createdAt").value_or(Time{}).Month());
    std::span<const char* const> fields = kOfConversions;
    if (contact) fields = kOfContacts;
    for (const char* field : fields) AppendText(key, document.TextIn(field, spare));
    if (!contact) AppendText(key, document.TextIn("occurrence", spare).empty() ? "" : kAgain);
    const auto sum = document.TextIn(contact ? "ftd_amount" : "amount", spare);
    const auto amount = sum.empty() ? Result<Money>(Money{}) : Money::Parse(sum);
    return std::pair(
        std::move(key), RollupValue{.count = 1, .micros = amount ? amount->micros : 0}
    );
}

}  // namespace barracuda::store
