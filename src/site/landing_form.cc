// The contact form: a post to route 2, with each complaint beside its field.
#include <algorithm>

#include "site/address.h"
#include "site/page.h"

namespace barracuda::site {

std::string_view Form::Typed(std::string_view field) const {
    for (const auto& [name, value] : typed) {
        if (name == field) return value;
    }
    return {};
}

const Complaint* Form::ComplaintOf(std::string_view field) const {
    const auto at = std::find_if(complaints.begin(), complaints.end(), [&](const Complaint& one) {
        return one.field == field;
    });
    return at == complaints.end() ? nullptr : &*at;
}

namespace {

std::string_view TextOf(const TroubleWords& words, const Complaint& of) {
    switch (of.fault) {
        case Fault::kMissing:
            return of.field == "type" ? words.type_wrong : words.email_missing;
        case Fault::kWrong:
            return of.field == "type" ? words.type_wrong : words.email_wrong;
        case Fault::kTaken:
            return words.email_taken;
        case Fault::kTooLong:
            return words.too_long;
        case Fault::kUnreadable:
            break;
    }
    return words.unreadable;
}

std::string_view TextOf(const TroubleWords& words, Trouble trouble) {
    switch (trouble) {
        case Trouble::kForeign:
            return words.foreign;
        case Trouble::kTooMany:
            return words.too_many;
        case Trouble::kNotNow:
            return words.not_now;
        case Trouble::kUnfit:
        case Trouble::kNone:
            break;
    }
    return words.unfit;
}

class Fields {
public:
    Fields(Html& to, const Words& words, const Form& form) : to_(to), words_(words), form_(form) {}

    // What a control of this field needs besides its type: name, complaint, and the focus where it
    // is the first that has one.
    void PutNames(Markup field) {
        const std::string name(field.text());
        to_.Attribute("id", "f-" + name).Attribute("name", name).Put(R"( dir="auto")");
        const Complaint* complaint = form_.ComplaintOf(name);
        if (!complaint) return;
        to_.Put(R"( aria-invalid="true")").Attribute("aria-describedby", "w-" + name);
        if (complaint == &form_.complaints.front()) to_.Put(" autofocus");
    }
    void PutComplaint(Markup field) {
        const Complaint* complaint = form_.ComplaintOf(field.text());
        if (!complaint) return;
        to_.Put(R"(<span class="wrong")").Attribute("id", "w-" + std::string(field.text()));
        to_.Put(">");
        PutIcon(to_, "#warn");
        to_.Put("<span>").Text(TextOf(words_.trouble, *complaint)).Put("</span></span>");
    }
    void PutLabel(Markup field, std::string_view word, std::string_view hint) {
        to_.Put(R"(<div class="f"><label)").Attribute("for", "f-" + std::string(field.text()));
        to_.Put(">").Text(word);
        if (!hint.empty()) to_.Put(R"( <span class="opt">)").Text(hint).Put("</span>");
        to_.Put("</label>");
    }
    // `more`: attributes.
    void PutLine(Markup field, std::string_view word, std::string_view hint, Markup more) {
        PutLabel(field, word, hint);
        to_.Put(R"(<input class="in-t" )").Put(more);
        PutNames(field);
        to_.Attribute("value", form_.Typed(field.text())).Put(">");
        PutComplaint(field);
        to_.Put("</div>");
    }
    void PutMessage() {
        PutLabel("message", words_.form.message, words_.form.optional);
        to_.Put(R"(<textarea class="in-t" rows="2")");
        PutNames("message");
        // The first line break of a textarea is none.
        to_.Attribute("placeholder", words_.form.message_hint).Put(">\n");
        to_.Text(form_.Typed("message")).Put("</textarea>");
        PutComplaint("message");
        to_.Put("</div>");
    }
    void PutTypes() {
        const auto& types = words_.form.types;
        const std::string_view typed = form_.Typed("type");
        const bool known = std::any_of(types.begin(), types.end(), [&](const TypeWord& one) {
            return one.type == typed;
        });
        const std::string_view chosen = known             ? typed
                                        : form_.refused() ? std::string_view()
                                                          : types.front().type;
        to_.Put(R"(<fieldset class="f"><legend>)").Text(words_.form.i_am);
        to_.Put(R"(</legend><div class="opts">)");
        for (const auto& [type, word] : types) {
            to_.Put(R"(<label><input type="radio" name="type")").Attribute("value", type);
            if (form_.ComplaintOf("type")) to_.Put(R"( aria-describedby="w-type")");
            if (type == chosen) to_.Put(" checked");
            to_.Put("> ").Text(word).Put("</label>");
        }
        to_.Put("</div>");
        PutComplaint("type");
        to_.Put("</fieldset>");
    }
    void PutKept() {
        for (const auto& [name, value] : form_.kept) {
            to_.Put(R"(<input type="hidden")").Attribute("name", name).Attribute("value", value);
            to_.Put(">");
        }
    }
    void PutTrouble() {
        if (form_.trouble == Trouble::kNone) return;
        to_.Put(R"(<div class="notice" role="alert">)");
        PutIcon(to_, "#warn");
        to_.Put("<p>").Text(TextOf(words_.trouble, form_.trouble)).Put("</p></div>");
    }

private:
    Html& to_;
    const Words& words_;
    const Form& form_;
};

}  // namespace

void PutForm(Html& to, const Frame& frame, const Form& form) {
    const Words& words = frame.words;
    Fields fields(to, words, form);
    to.Put(R"(<form class="join" id="join" method="post" novalidate aria-labelledby="jh")");
    to.Attribute("action", AddressOf("/api/contact", {}, words.tag)).Put("><div>");
    to.Put(R"(<h2 id="jh">)").Text(words.form.heading).Put(R"(</h2><p class="soft small">)");
    to.Text(frame.settings.promise.empty() ? words.form.promise : frame.settings.promise);
    to.Put("</p></div>");
    fields.PutTrouble();
    fields.PutKept();
    fields.PutTypes();
    to.Put(R"(<div class="fields">)");
    fields.PutLine("name", words.form.name, {}, R"(autocomplete="name")");
    fields.PutLine(
        "company", words.form.company, words.form.company_hint, R"(autocomplete="organization")"
    );
    to.Put("</div>");
    fields.PutLine("email", words.form.email, {}, R"(type="email" autocomplete="email" required)");
    fields.PutMessage();
    to.Put(R"(<button class="b primary">)").Text(words.form.send).Put("</button>");
    to.Put(R"(<p class="small muted">)").Text(words.form.keep);
    if (!frame.settings.privacy_url.empty()) {
        to.Put(" <a").Attribute("href", frame.settings.privacy_url).Put(">");
        to.Text(words.privacy).Put("</a>");
    }
    to.Put("</p></form>");
}

}  // namespace barracuda::site
