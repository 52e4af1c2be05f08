#include "site/html.h"

#include "base/text.h"

namespace barracuda::site {

Html& Html::Put(Markup markup) {
    page_ += markup.text();
    return *this;
}

Html& Html::Text(std::string_view text) {
    for (char c : CleanUtf8(text)) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '&') {
            page_ += "&amp;";
        } else if (c == '<') {
            page_ += "&lt;";
        } else if (c == '>') {
            page_ += "&gt;";
        } else if (c == '"') {
            page_ += "&quot;";
        } else if (c == '\'') {
            page_ += "&#39;";
        } else if ((byte < ' ' && c != '\n' && c != '\r' && c != '\t') || byte == 0x7f) {
            page_ += ' ';
        } else {
            page_ += c;
        }
    }
    return *this;
}

Html& Html::Attribute(Markup name, std::string_view value) {
    page_ += ' ';
    page_ += name.text();
    page_ += "=\"";
    Text(value);
    page_ += '"';
    return *this;
}

}  // namespace barracuda::site
