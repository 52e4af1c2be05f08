#include "contacts/flag_check.h"

#include <algorithm>
#include <thread>

#include "contacts/contact_sync.h"
#include "store/document_ref.h"
#include "store/each_document.h"
#include "store/finding_list.h"

namespace barracuda::contacts {

namespace {

using std::chrono::milliseconds;

constexpr size_t kPage = 500;
constexpr milliseconds kFirstPause{50};  // each is twice the one before

std::string Differences(const domain::Contact& is, const domain::Contact& should) {
    std::string names;
    auto compare = [&names](const char* name, const auto& a, const auto& b) {
        if (a != b) names += (names.empty() ? "" : ", ") + std::string(name);
    };
    compare("affiliateRegistered", is.affiliate_registered, should.affiliate_registered);
    compare("ftd", is.ftd, should.ftd);
    compare("ftd_amount", is.ftd_amount, should.ftd_amount);
    compare("ftd_currency", is.ftd_currency, should.ftd_currency);
    compare("ftd_date", is.ftd_date, should.ftd_date);
    compare("flow", is.flow, should.flow);
    return names;
}

class FlagCheck {
public:
    FlagCheck(
        store::Engine& engine,
        const FlagCheckOptions& options,
        const delivery::Mend& mend,
        std::vector<std::string>& findings
    )
        : engine_(engine), options_(options), mend_(mend), findings_(findings) {}

    Result<size_t> Run() {
        store::ScanRequest request;
        request.collection = store::Collection::kContacts;
        request.limit = kPage;
        Result<bool> looked = true;
        auto read = store::EachDocument(engine_, request, [&](const std::string& document) {
            if (looked) looked = Look(document);
        });
        if (!read) return Fail(read.error());
        if (looked) looked = JudgeSuspects();
        if (!looked) return Fail(looked.error());
        findings_.End(" contacts");
        return wrong_;
    }

private:
    struct Wrong {
        domain::Contact contact;
        Following following;
    };

    static store::Ref RefOf(const std::string& document) {
        return store::RefOfDocument(store::Collection::kContacts, document);
    }

    Result<bool> Look(const std::string& document) {
        auto wrong = Compare(document);
        if (!wrong) return Fail(wrong.error());
        if (*wrong) suspects_.push_back(RefOf(document));
        return suspects_.size() < options_.suspects_max ? true : JudgeSuspects();
    }

    Result<std::optional<Wrong>> Compare(const std::string& document) {
        auto contact = domain::DecodeContact(document);
        if (!contact) return std::nullopt;  // Engine::Verify names it
        auto following = FollowLedger(engine_, *contact, Time::Now());
        if (!following) return Fail(following.error());
        if (!*following) return std::nullopt;
        return Wrong{std::move(*contact), std::move(**following)};
    }

    // Reads them again; calls `visit` with what is still wrong, which may fail and end it.
    template <typename Visit>
    Result<bool> EachStillWrong(const std::vector<store::Ref>& refs, Visit visit) {
        for (size_t from = 0; from < refs.size(); from += kPage) {
            auto part = std::span(refs).subspan(from, std::min(kPage, refs.size() - from));
            auto documents = engine_.Load(part);
            if (!documents) return Fail(documents.error());
            for (size_t i = 0; i < part.size(); ++i) {
                if (!(*documents)[i]) continue;  // erased meanwhile
                auto wrong = Compare(*(*documents)[i]);
                if (!wrong) return Fail(wrong.error());
                if (!*wrong) continue;
                if (auto visited = visit(part[i], std::move(**wrong)); !visited) return visited;
            }
        }
        return true;
    }

    Result<bool> JudgeSuspects() {
        auto refs = std::exchange(suspects_, {});
        auto left = options_.trail;
        for (auto pause = kFirstPause; !refs.empty() && left.count() > 0; pause *= 2) {
            Pause(std::min(pause, left));
            left -= std::min(pause, left);
            std::vector<store::Ref> still;
            auto read = EachStillWrong(refs, [&](const auto& ref, Wrong) -> Result<bool> {
                still.push_back(ref);
                return true;
            });
            if (!read) return read;
            refs = std::move(still);
        }
        return EachStillWrong(refs, [this](const auto& ref, Wrong wrong) {
            return Conclude(ref, std::move(wrong));
        });
    }

    Result<bool> Conclude(const store::Ref& ref, Wrong wrong) {
        ++wrong_;
        findings_.Add(
            "contact " + ref.key +
            ": not what its conversions say: " + Differences(wrong.contact, wrong.following.after)
        );
        // Under another id than one of ours it would be written as another document.
        if (!mend_ || ref.key != wrong.contact.id.Hex()) return true;
        auto edited = mend_(ref, std::move(wrong.following.edit));
        if (!edited) return Fail(edited.error());
        return true;
    }

    void Pause(milliseconds pause) const {
        if (options_.pause) return options_.pause(pause);
        std::this_thread::sleep_for(pause);
    }

    store::Engine& engine_;
    const FlagCheckOptions& options_;
    const delivery::Mend& mend_;
    store::FindingList findings_;
    std::vector<store::Ref> suspects_;
    size_t wrong_ = 0;
};

}  // namespace

Result<size_t> CheckFlags(
    store::Engine& engine,
    const FlagCheckOptions& options,
    const delivery::Mend& mend,
    std::vector<std::string>& findings
) {
    return FlagCheck(engine, options, mend, findings).Run();
}

}  // namespace barracuda::contacts
