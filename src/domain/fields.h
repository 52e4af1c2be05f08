// The plain fields of a conversion: one table says their names and types, so that a report, a
// stored document, a difference and a history entry all speak of the same thing.
//
// Plain values: any thread.
#pragma once

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda::domain {

enum class FieldType { kText, kMoney, kBool, kObject };

// clang-format off
enum class Field : unsigned char {
    kAffiliateId, kOfferId, kAmount, kSaleAmount, kPayout, kRevenue, kUnique, kCurrency, kTransactionId,
    kClickHash, kSub1, kSub2, kSub3, kSub4, kSub5, kUserAgent, kIpAddress, kCountry, kRegion, kSource,
    kPlatform, kBrowser, kOs, kOsVersion, kManufacturer, kDeviceType, kIsTest, kAdvertiserId,
    kOfferUrlId, kAffiliateSource, kMetadata,
};
// clang-format on

struct FieldInfo {
    Field field;
    const char* name;
    FieldType type;
    bool common = true;  // every report may give it; others are read by the routes that have them
};

// In the order of Field.
inline constexpr FieldInfo kFields[] = {
    {Field::kAffiliateId, "affiliate_id", FieldType::kText, false},
    {Field::kOfferId, "offer_id", FieldType::kText, false},
    {Field::kAmount, "amount", FieldType::kMoney, false},
    {Field::kSaleAmount, "sale_amount", FieldType::kMoney, false},
    {Field::kPayout, "payout", FieldType::kMoney, false},
    {Field::kRevenue, "revenue", FieldType::kMoney, false},
    {Field::kUnique, "unique", FieldType::kText, false},
    {Field::kCurrency, "currency", FieldType::kText},
    {Field::kTransactionId, "transaction_id", FieldType::kText},
    {Field::kClickHash, "click_hash", FieldType::kText, false},
    {Field::kSub1, "sub1", FieldType::kText},
    {Field::kSub2, "sub2", FieldType::kText},
    {Field::kSub3, "sub3", FieldType::kText},
    {Field::kSub4, "sub4", FieldType::kText},
    {Field::kSub5, "sub5", FieldType::kText},
    {Field::kUserAgent, "user_agent", FieldType::kText},
    {Field::kIpAddress, "ip_address", FieldType::kText},
    {Field::kCountry, "country", FieldType::kText},
    {Field::kRegion, "region", FieldType::kText},
    {Field::kSource, "source", FieldType::kText},
    {Field::kPlatform, "platform", FieldType::kText},
    {Field::kBrowser, "browser", FieldType::kText},
    {Field::kOs, "os", FieldType::kText},
    {Field::kOsVersion, "os_version", FieldType::kText},
    {Field::kManufacturer, "manufacturer", FieldType::kText},
    {Field::kDeviceType, "device_type", FieldType::kText},
    {Field::kIsTest, "is_test", FieldType::kBool},
    {Field::kAdvertiserId, "advertiser_id", FieldType::kText},
    {Field::kOfferUrlId, "offer_url_id", FieldType::kText},
    {Field::kAffiliateSource, "affiliate_source", FieldType::kText},
    {Field::kMetadata, "metadata", FieldType::kObject},
};

// InfoOf looks a field up by its number, and a document is read by names.
constexpr bool FieldsAreInOrder() {
    for (size_t i = 0; i < std::size(kFields); ++i) {
        if (static_cast<size_t>(kFields[i].field) != i) return false;
        for (size_t j = 0; j < i; ++j) {
            if (std::string_view(kFields[i].name) == kFields[j].name) return false;
        }
    }
    return true;
}
static_assert(FieldsAreInOrder());
static_assert(std::size(kFields) == static_cast<size_t>(Field::kMetadata) + 1);

inline const FieldInfo& InfoOf(Field field) { return kFields[static_cast<size_t>(field)]; }
std::optional<Field> FieldNamed(std::string_view name);

// Values by field, sorted. A value is canonical text: money as Money::Text prints it, booleans as
// "true" or "false", objects as BSON bytes. So equal values are equal strings.
class Fields {
public:
    const std::string* Find(Field field) const;
    std::string_view Get(Field field, std::string_view otherwise = "") const;
    void Set(Field field, std::string value);
    void Remove(Field field);
    const std::vector<std::pair<Field, std::string>>& all() const { return values_; }
    bool operator==(const Fields&) const = default;

private:
    std::vector<std::pair<Field, std::string>> values_;
};

}  // namespace barracuda::domain
