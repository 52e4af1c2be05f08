// Admins with their password hashes.
//
// All of them are held in memory, so that io threads never touch the store; writes go through the
// ledger, and memory follows once they are durable.
//
// Threads: every method from any thread. Callbacks run on the ledger's thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "auth/changes.h"
#include "auth/role.h"
#include "auth/second_factor.h"
#include "base/result.h"
#include "base/thread_safety.h"
#include "base/time.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::auth {

struct Admin {
    std::string email = {};  // lower case
    std::string id = {};     // the document's key: the e-mail, or what the seed's database has
    std::string name = {};
    Role role = Role::kOwner;
    std::string password = {};    // argon2id; anything else never matches
    std::string invitation = {};  // HashSecret of what sets the first password; empty: none
    Time invited_until = {};
    Time seen = {};  // at the last login; 0: never
    SecondFactor factor = {};
    std::string profile = {};  // how the desk looks to this admin: an object of JSON; empty: none
    Time created = {};
    int64_t rev = 0;

    // An admin of the old application, or one who is invited, has no password that counts until one
    // is set.
    bool CanLogIn() const { return password.starts_with("$argon2id$"); }
    // The admin's name in a path: no e-mail address gets into a log.
    std::string PublicId() const;
};

// A mark of the password, kept by each session that was begun with it. A new password makes another
// mark, which ends every session before it: on every node, also one whose login was under way.
std::string PasswordMark(const Admin& admin);

// The document of an admin and back (docs/formats/documents.md). Where one is stored already, what
// it holds beside our fields stays: the seed's hold more.
std::string EncodeAdmin(const Admin& admin, std::string_view stored = {});
Admin DecodeAdmin(std::string_view bson);

class Admins {
public:
    // May be repeated while serving, to see the changes of other nodes. Errors: the store's.
    Result<bool> LoadFrom(store::Engine& engine);
    std::optional<Admin> Find(std::string_view email) const;  // any case
    std::vector<Admin> List() const;                          // by e-mail
    bool empty() const;                                       // nobody can log in

    std::optional<Admin> FindById(std::string_view public_id) const;
    // The admin whose invitation has this secret, until the invitation ends.
    std::optional<Admin> FindInvited(std::string_view secret, Time now) const;

    using Done = std::function<void(Result<Admin>)>;

    // Called on the ledger's thread whenever there is one more who can log in; set it before the
    // first Create.
    void OnCreated(std::function<void()> created) { created_ = std::move(created); }

    // Of `wanted` the e-mail, name, role, and the password or the invitation. kConflict when there
    // is one with this e-mail who can log in.
    void Create(ledger::Ledger& ledger, Admin wanted, Done done);
    // Sets the password of an admin; kNotFound when there is none with this e-mail. Ends every
    // session of this admin (PasswordMark).
    void SetPassword(
        ledger::Ledger& ledger, std::string_view email, std::string password_hash, Done done
    );
    // The password of who was invited, by the invitation's secret. kUnauthorized: it is used, void
    // or replaced.
    void Accept(
        ledger::Ledger& ledger,
        std::string_view email,
        std::string_view secret,
        std::string password_hash,
        Done done
    );
    // Any other change. An admin whom `edit` refuses stays as before; it may run more than once, on
    // the ledger's thread. kConflict: it would leave no owner who can log in; over several nodes
    // two of them who go at one moment are not seen by each other.
    using Edit = std::function<std::optional<Error>(Admin& admin)>;
    void Change(ledger::Ledger& ledger, std::string_view email, Edit edit, Done done);
    // Ends every session of this admin too. kConflict as above; kNotFound.
    void Remove(ledger::Ledger& ledger, std::string_view email, Done done);

private:
    std::optional<Error> Leave(const std::string& email) EXCLUDES(mutex_);
    void Write(ledger::Ledger& ledger, std::string_view email, bool keep, Edit edit, Done done);

    mutable SharedMutex mutex_;
    std::unordered_map<std::string, Admin> by_email_ GUARDED_BY(mutex_);
    // Owners who will be none once that is durable.
    std::unordered_set<std::string> leaving_ GUARDED_BY(mutex_);
    Changes changes_ GUARDED_BY(mutex_);  // by e-mail, as the others
    std::function<void()> created_;
};

}  // namespace barracuda::auth
