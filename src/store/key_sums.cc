#include "store/key_sums.h"

#include <sodium.h>

#include <cstring>

namespace barracuda::store {

static_assert(std::tuple_size_v<KeySums::Secret> == crypto_shorthash_siphashx24_KEYBYTES);

KeySums::Secret KeySums::Draw() {
    Secret secret;
    randombytes_buf(secret.data(), secret.size());
    return secret;
}

void KeySums::Add(Space space, std::string_view key, bool empty) {
    std::array<unsigned char, crypto_shorthash_siphashx24_BYTES> hash;
    crypto_shorthash_siphashx24(
        hash.data(), reinterpret_cast<const unsigned char*>(key.data()), key.size(), secret_.data()
    );
    uint64_t halves[2];
    static_assert(sizeof halves == crypto_shorthash_siphashx24_BYTES);
    std::memcpy(halves, hash.data(), sizeof halves);
    Sum& sum = sums_[SetOf(space, key)];
    ++sum.count;
    sum.low += halves[0];
    sum.high += halves[1];
    sum.odd += !empty;
}

void KeySums::Add(const KeySums& other) {
    for (const auto& [set, more] : other.sums_) {
        Sum& sum = sums_[set];
        sum.count += more.count;
        sum.low += more.low;
        sum.high += more.high;
        sum.odd += more.odd;
    }
}

std::set<KeySet> KeySums::Unlike(const KeySums& other) const {
    std::set<KeySet> unlike;
    const auto look = [&unlike](const KeySums& one, const KeySums& at) {
        for (const auto& [set, sum] : one.sums_) {
            const auto found = at.sums_.find(set);
            if (found == at.sums_.end() || found->second != sum) unlike.insert(set);
        }
    };
    look(*this, other);
    look(other, *this);
    return unlike;
}

}  // namespace barracuda::store
