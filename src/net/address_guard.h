// AddressGuard: which addresses the program may connect to (server-side request forgery).
//
// It judges the sockaddr handed to connect(), after name resolution, so neither odd spellings
// (2130706433, 0x7f.1, mapped IPv6) nor a name that changes its address gets past it. Everything
// that is not public is refused unless inside a CIDR the operator allowed, and so is what is public
// but this machine's own, or denied; unknown families are refused, and so is every port but those
// of the list, where there is one. Immutable after construction: any thread.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/cidr.h"
#include "net/own_addresses.h"

namespace barracuda::net {

class AddressGuard {
public:
    using Own = std::function<std::shared_ptr<const std::vector<Cidr>>()>;

    // `denied` goes before `allowed`. `own`: of this machine, asked at every judgement.
    explicit AddressGuard(
        std::vector<Cidr> allowed,
        std::vector<int> ports = {},
        std::vector<Cidr> denied = {},
        Own own = OwnAddresses
    );
    // Why what connect() is about to be given is refused; empty: it is not. A text of the program's
    // own, for the log.
    std::string_view Refusal(const sockaddr* address) const;
    // The same of the peer of a connection that is open already ("203.0.113.9" or "2001:db8::1"):
    // it may have been opened under another guard.
    std::string_view Refusal(std::string_view address, int port) const;

    bool Allows(const sockaddr* address) const { return Refusal(address).empty(); }

private:
    std::string_view Refusal(const Address& address, int port) const;

    std::vector<Cidr> allowed_;
    std::vector<int> ports_;  // empty: any
    std::vector<Cidr> denied_;
    Own own_;
};

}  // namespace barracuda::net
