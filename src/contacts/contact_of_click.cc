#include "contacts/contact_of_click.h"

#include "domain/contact.h"
#include "store/index.h"

namespace barracuda::contacts {

Result<std::optional<ObjectId>> ContactOfClick(store::Engine& engine, const std::string& click) {
    for (auto index : {store::IndexId::kContactClick, store::IndexId::kContactSub1}) {
        store::ScanRequest request;
        request.collection = store::Collection::kContacts;
        request.index = index;
        request.equal = {click};
        request.limit = 1;
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        if (page->documents.empty()) continue;
        auto contact = domain::DecodeContact(page->documents.front());
        if (contact) return std::optional(contact->id);
    }
    return std::optional<ObjectId>();
}

}  // namespace barracuda::contacts
