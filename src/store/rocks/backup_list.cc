#include "store/rocks/backup_list.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr std::string_view kHead = "barracuda backup 1";
constexpr size_t kHashBytes = 32;

Error Damaged(std::string_view why) {
    return {
        ErrorCode::kInvalid, fmt::format("its file {} is damaged: {}", kBackupListName, why), {}};
}

// The line up to its end, which is taken away with it; nullopt: no whole line is left.
std::optional<std::string_view> TakeLine(std::string_view& text) {
    const size_t end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

// The word up to a blank, or to the end.
std::string_view TakeWord(std::string_view& line) {
    const size_t end = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

template <typename Number>
bool TakeNumber(std::string_view& line, Number& into) {
    const auto word = TakeWord(line);
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), into);
    return error == std::errc() && end == word.data() + word.size() && !word.empty();
}

bool ReadLine(std::string_view line, BackupList& into) {
    const auto what = TakeWord(line);
    if (what == "made") {
        const auto at = Time::ParseIso(line);
        if (at) into.made = *at;
        return at.has_value();
    }
    if (what == "store") {
        into.store = line;
        return true;
    }
    if (what == "sequence") return TakeNumber(line, into.sequence);
    if (what == "conversions") return TakeNumber(line, into.conversions);
    if (what == "contacts") return TakeNumber(line, into.contacts);
    if (what != "file") return false;
    BackupFile file;
    file.hash = TakeWord(line);
    if (!TakeNumber(line, file.bytes) || !TakeNumber(line, file.modified_ns)) return false;
    file.name = line;
    if (file.hash.size() != 2 * kHashBytes || !BelongsInBackup(file.name)) return false;
    into.files.push_back(std::move(file));
    return true;
}

std::string EndLine(size_t files, std::string_view before) {
    return fmt::format("end {} {}\n", files, HashHex(before, kHashBytes));
}

}  // namespace

const BackupFile* BackupList::Find(std::string_view name) const {
    const auto at = std::find_if(files.begin(), files.end(), [&](const auto& file) {
        return file.name == name;
    });
    return at == files.end() ? nullptr : &*at;
}

uint64_t BackupList::Bytes() const {
    uint64_t bytes = 0;
    for (const auto& file : files) bytes += file.bytes;
    return bytes;
}

std::string BackupList::Text() const {
    std::string text = fmt::format(
        "{}\nmade {}\nstore {}\nsequence {}\nconversions {}\ncontacts {}\n",
        kHead,
        made.Iso(),
        store,
        sequence,
        conversions,
        contacts
    );
    for (const auto& file : files) {
        text +=
            fmt::format("file {} {} {} {}\n", file.hash, file.bytes, file.modified_ns, file.name);
    }
    return text + EndLine(files.size(), text);
}

Result<BackupList> BackupList::Parse(std::string_view text) {
    const std::string_view all = text;
    if (TakeLine(text) != kHead) return Fail(Damaged("it begins with something else"));
    BackupList list;
    for (;;) {
        const std::string_view before = all.substr(0, all.size() - text.size());
        const auto line = TakeLine(text);
        if (!line) return Fail(Damaged("it is cut off"));
        if (line->starts_with("end ")) {
            const auto end = EndLine(list.files.size(), before);
            if (end.substr(0, end.size() - 1) != *line)
                return Fail(Damaged("its end is another one's"));
            if (!text.empty()) return Fail(Damaged("something follows its end"));
            return list;
        }
        if (!ReadLine(*line, list)) return Fail(Damaged(OneLine(line->substr(0, 80))));
    }
}

Result<std::optional<BackupList>> ReadBackupList(const std::string& directory) {
    const std::string path = directory + "/" + kBackupListName;
    struct stat found {};
    if (stat(path.c_str(), &found) != 0) {
        if (errno == ENOENT) return std::optional<BackupList>();
        return Fail(FileError("cannot read " + path, errno));
    }
    if (static_cast<size_t>(found.st_size) > kBackupListBytesMax)
        return Fail(Damaged("it is too large"));
    std::ifstream from(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(from), {}};
    if (!from) return Fail(FileError("cannot read " + path, errno));
    auto list = BackupList::Parse(text);
    if (!list) return Fail(list.error());
    return std::optional(std::move(*list));
}

bool BelongsInBackup(const std::string& name) {
    return IsStoreFile(name) && name != "LOG" && !name.starts_with("LOG.old") &&
           !name.ends_with(".dbtmp");
}

FileHash::FileHash() { crypto_generichash_init(&state_, nullptr, 0, kHashBytes); }

void FileHash::Add(std::string_view bytes) {
    auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    crypto_generichash_update(&state_, data, bytes.size());
}

std::string FileHash::Hex() {
    std::string hash(kHashBytes, '\0');
    crypto_generichash_final(&state_, reinterpret_cast<unsigned char*>(hash.data()), hash.size());
    return HexOf(hash);
}

}  // namespace barracuda::store
