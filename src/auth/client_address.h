// The client's address of a request, seen through trusted proxies.
//
// X-Forwarded-For is written by whoever sends it; only the entries that our own proxies appended
// are worth anything. Read from the right, each entry was written by the hop after it, so it is
// believed as long as that hop is trusted; the first untrusted one is the client. Everything
// further left is the client's own claim.
//
// Threads: immutable once made.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/cidr.h"

namespace barracuda::auth {

// The units by which addresses are limited: `one` is a subscriber's (an IPv4 address, an IPv6 /64;
// other text itself, at most 64 bytes), `network` the /48 that one site may own, empty unless IPv6.
struct AddressGroup {
    std::string one = {};
    std::string network = {};
};
AddressGroup GroupOf(std::string_view address);

class TrustedProxies {
public:
    // Ranges as configuration has checked them ("10.0.0.0/8"); one that cannot be read trusts
    // nobody.
    explicit TrustedProxies(const std::vector<std::string>& ranges);

    // `peer` is the socket's address without its port; the headers are all X-Forwarded-For fields
    // in the order received, each possibly a comma-separated list. Returns the canonical form
    // ("10.0.0.1" also for "::ffff:10.0.0.1"); `peer` as it is when it is no address (a Unix
    // socket). Where a trusted hop wrote no address ("unknown", an obfuscated name, rubbish) the
    // answer is that hop itself: the nearest address that is certain. If every hop is trusted, the
    // leftmost one.
    std::string ClientAddress(
        std::string_view peer, const std::vector<std::string>& x_forwarded_for_headers
    ) const;

    // Whether what this peer says of others is believed. Text that is no address is nobody's.
    bool Trusts(std::string_view peer) const;

private:
    bool Trusts(const Address& address) const;

    std::vector<Cidr> ranges_;
};

}  // namespace barracuda::auth
