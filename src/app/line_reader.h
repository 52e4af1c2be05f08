// The lines of a file, of which none takes more memory than it may, and where each of them ends.
//
// Threads: one.
#pragma once

#include <cstdint>
#include <istream>
#include <string>

namespace barracuda::app {

class LineReader {
public:
    LineReader(std::istream& from, size_t bytes_max) : from_(from), bytes_max_(bytes_max) {}

    // Behind so many lines, which end at this byte.
    void GoOn(int64_t lines, int64_t offset) {
        lines_ = lines;
        offset_ = offset;
        from_.clear();
        from_.seekg(offset);
    }

    // The next line with its end; of one that is too long the beginning. False at the file's end.
    bool Next(std::string& line) {
        line.clear();
        too_long_ = false;
        int64_t read = 0;
        for (auto* bytes = from_.rdbuf();;) {
            const int byte = bytes->sbumpc();
            if (byte == std::char_traits<char>::eof()) break;
            ++read;
            const char c = static_cast<char>(byte);
            too_long_ |= c != '\n' && line.size() >= bytes_max_;
            if (!too_long_ || c == '\n') line += c;
            if (c == '\n') break;
        }
        offset_ += read;
        lines_ += read > 0;
        return read > 0;
    }

    bool too_long() const { return too_long_; }
    int64_t lines() const { return lines_; }    // read so far
    int64_t offset() const { return offset_; }  // bytes of them

private:
    std::istream& from_;
    const size_t bytes_max_;
    bool too_long_ = false;
    int64_t lines_ = 0, offset_ = 0;
};

}  // namespace barracuda::app
