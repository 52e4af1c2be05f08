#include "app/import_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <thread>

#include "api/respond.h"
#include "app/import_source.h"
#include "app/import_state.h"
#include "app/import_target.h"
#include "app/migrate.h"
#include "base/text.h"
#include "store/document_file.h"

namespace barracuda::app {

namespace {

using Clock = std::chrono::steady_clock;
using Fate = LineResult::Fate;

constexpr std::chrono::seconds kSayEvery{1};
// A server whose queue is full, or whose store does not answer, is asked again for so long.
constexpr int kLaterTries = 60;
constexpr std::chrono::milliseconds kLaterPause{500};

void Say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

std::string Clocked(double seconds) {
    const auto whole = static_cast<int64_t>(seconds);
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

// A line a second: how far, how fast, how much longer.
class Progress {
public:
    Progress(int64_t bytes, int64_t offset, int64_t read)
        : bytes_(bytes), offset_(offset), read_(read) {}

    bool Due() const { return Clock::now() >= next_; }
    void Tell(int64_t offset, const ImportCounts& counts) {
        const auto now = Clock::now();
        next_ = now + kSayEvery;
        const double took = std::max(1e-3, std::chrono::duration<double>(now - begun_).count());
        const double rate = static_cast<double>(counts.read - read_) / took;
        const double speed = static_cast<double>(offset - offset_) / took;
        const double part =
            bytes_ > 0 ? static_cast<double>(offset) / static_cast<double>(bytes_) : 1;
        std::string line = fmt::format(
            "import: {} lines, {:.0f} %, {:.0f} a second", counts.read, 100 * part, rate
        );
        if (speed > 0 && offset < bytes_) {
            line += ", " + Clocked(static_cast<double>(bytes_ - offset) / speed) + " left";
        }
        if (counts.refused > 0) line += fmt::format(", {} refused", counts.refused);
        Say(line);
    }

private:
    const int64_t bytes_, offset_, read_;
    const Clock::time_point begun_ = Clock::now();
    Clock::time_point next_ = begun_ + kSayEvery;
};

// What was not recorded: a line of JSON each, with its number, why, and what it said.
class RefusedFile {
public:
    RefusedFile(std::string path, bool goes_on) : path_(std::move(path)), goes_on_(goes_on) {}

    Result<bool> Put(const SourceLine& line, const LineResult& result) {
        if (!file_.is_open()) {
            file_.open(path_, goes_on_ ? std::ios::app : std::ios::trunc);
            if (!file_) return Fail(Cannot());
        }
        api::JsonObject to;
        to.Int("line", line.number).TextOrNull("field", result.field);
        to.Text("message", result.message);
        if (!line.json.empty()) to.Text("said", line.json);
        file_ << to.Done() << '\n';
        return true;
    }
    // Before the state says that these lines are behind it.
    Result<bool> Flush() {
        if (!file_.is_open() || file_.flush()) return true;
        return Fail(Cannot());
    }
    const std::string& path() const { return path_; }

private:
    Error Cannot() const { return {ErrorCode::kUnavailable, path_ + ": cannot be written", {}}; }
    const std::string path_;
    const bool goes_on_;
    std::ofstream file_;
};

class Import {
public:
    Import(const ImportOptions& options, ImportSource& source, ImportTarget& target, bool goes_on)
        : options_(options),
          source_(source),
          target_(target),
          refused_(options.refused.empty() ? options.path + ".refused" : options.refused, goes_on) {
    }

    // Errors: it broke off; `state` says behind which line.
    Result<bool> Run(ImportState& state) {
        Progress progress(source_.bytes(), state.place.offset, state.counts.read);
        auto noted = Clock::now();
        while (ReadChunk()) {
            if (auto done = RecordChunk(state.counts); !done) return done;
            state.place = source_.place();
            if (progress.Due()) progress.Tell(state.place.offset, state.counts);
            if (auto flushed = refused_.Flush(); !flushed) return flushed;
            if (Clock::now() < noted + kSayEvery) continue;
            if (auto kept = Keep(state); !kept) return kept;
            noted = Clock::now();
        }
        if (!source_.fault().empty()) return Fail(ErrorCode::kInvalid, source_.fault());
        progress.Tell(state.place.offset, state.counts);
        return Keep(state);
    }
    Result<bool> Keep(const ImportState& state) {
        if (options_.state.empty() || options_.dry_run) return true;
        return WriteState(options_.state, state);
    }
    const std::string& refused() const { return refused_.path(); }

private:
    bool ReadChunk() {
        lines_.clear();
        size_t bytes = 0;
        SourceLine line;
        while (lines_.size() < target_.lines_max() && bytes < target_.bytes_max() &&
               source_.Next(line)) {
            if (line.number < static_cast<int64_t>(options_.from_line)) continue;
            bytes += line.json.size();
            lines_.push_back(std::move(line));
        }
        return !lines_.empty();
    }

    // Sends what the target could not take again, in order, until it took all of it.
    Result<bool> RecordChunk(ImportCounts& counts) {
        std::vector<size_t> open;
        std::map<size_t, LineResult> refused;  // so that they are told in the file's order
        for (size_t i = 0; i < lines_.size(); ++i) {
            const auto& problem = lines_[i].problem;
            if (problem.empty()) open.push_back(i);
            if (!problem.empty()) refused[i] = {Fate::kRefused, "line", problem};
        }
        for (int tries = 0; !open.empty(); ++tries) {
            if (tries > 0) std::this_thread::sleep_for(kLaterPause);
            std::vector<std::string> texts;
            for (size_t at : open) texts.push_back(lines_[at].json);
            auto results = target_.Record(texts);
            if (!results) return Fail(results.error());
            std::vector<size_t> later;
            for (size_t i = 0; i < open.size(); ++i) {
                const LineResult& result = (*results)[i];
                if (result.fate == Fate::kLater) later.push_back(open[i]);
                if (result.fate == Fate::kRefused) refused[open[i]] = result;
                Count(result.fate, counts);
            }
            if (!later.empty() && tries == kLaterTries) {
                return Fail(ErrorCode::kUnavailable, "the ledger takes nothing now");
            }
            open = std::move(later);
        }
        for (const auto& [at, result] : refused) {
            if (auto put = refused_.Put(lines_[at], result); !put) return put;
        }
        counts.read += static_cast<int64_t>(lines_.size());
        counts.refused += static_cast<int64_t>(refused.size());
        return true;
    }

    static void Count(Fate fate, ImportCounts& counts) {
        counts.recorded += fate == Fate::kRecorded;
        counts.duplicate += fate == Fate::kDuplicate;
        counts.updated += fate == Fate::kUpdated;
        counts.sound += fate == Fate::kSound;
    }

    const ImportOptions& options_;
    ImportSource& source_;
    ImportTarget& target_;
    RefusedFile refused_;
    std::vector<SourceLine> lines_;
};

std::string ReportText(const ImportCounts& counts, bool dry_run, const std::string& refused) {
    auto row = [](int64_t count, const char* what) {
        return fmt::format("{:>12}  {}\n", count, what);
    };
    std::string text = dry_run ? "dry run: nothing was written\n" : "";
    text += row(counts.read, "lines read");
    if (dry_run) text += row(counts.sound, "would be taken");
    if (!dry_run) {
        text += row(counts.recorded, "recorded") + row(counts.updated, "updated");
        text += row(counts.duplicate, "duplicate");
    }
    text += row(counts.refused, "refused");
    if (counts.refused > 0) text += "what was refused, and why: " + refused + "\n";
    return text;
}

// The state of an earlier run of this file, or a new one. Errors: it is of another file.
Result<ImportState> StateOf(const ImportOptions& options, const ImportSource& source) {
    ImportState fresh{source.beginning(), source.place(), {}};
    if (options.state.empty() || options.dry_run) return fresh;
    auto stored = ReadState(options.state);
    if (!stored) return Fail(stored.error());
    if (!*stored) return fresh;
    if ((*stored)->beginning != source.beginning() || (*stored)->place.offset > source.bytes()) {
        return Fail(
            ErrorCode::kConflict,
            fmt::format("{} is the state of another file than {}", options.state, options.path)
        );
    }
    return **stored;
}

int Show(const std::string& text, int exit) {
    const bool shown = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    return shown ? exit : 2;
}

int NotBegun(const Error& error) {
    Say("barracuda: " + error.message);
    return 2;
}

int ImportConversions(const config::Config& config, const ImportOptions& options) {
    auto source = ImportSource::Open({options.path, options.format, options.maps});
    if (!source) return NotBegun(source.error());
    auto state = StateOf(options, **source);
    if (!state) return NotBegun(state.error());
    const bool goes_on = state->counts.read > 0;
    if (goes_on) (*source)->GoOn(state->place);
    auto target = OpenTarget(config, options.notify, options.dry_run);
    if (!target) return NotBegun(target.error());
    Say("import: into " + (*target)->place());
    if ((*source)->csv()) Say("import: " + (*source)->ColumnsText());
    if (goes_on) Say(fmt::format("import: goes on behind line {}", state->place.lines));
    Import run(options, **source, **target, goes_on || options.from_line > 1);
    auto done = run.Run(*state);
    if (done) done = (*target)->Finish();
    if (!done) {
        Say(fmt::format(
            "barracuda: broken off: {}; everything up to line {} is done, go on with {}",
            done.error().message,
            state->place.lines,
            options.state.empty() ? fmt::format("--from-line {}", state->place.lines + 1)
                                  : "the same command"
        ));
    }
    const int exit = done && state->counts.refused == 0 ? 0 : 1;
    return Show(ReportText(state->counts, options.dry_run, run.refused()), exit);
}

// An export is read from end to end, and nothing else: whether it is whole.
int CheckExport(const ImportOptions& options) {
    auto file = store::DocumentFile::Open(options.path);
    if (!file) return NotBegun(file.error());
    return Show("dry run: nothing was written; the export is whole\n", 0);
}

}  // namespace

int ImportFileCommand(const config::Config& config, const ImportOptions& options) {
    auto is_export = IsExport(options.path);
    if (!is_export) return NotBegun(is_export.error());
    if (!*is_export) return ImportConversions(config, options);
    const bool others = options.notify || !options.maps.empty() || !options.state.empty() ||
                        options.from_line > 1 || !options.format.empty() ||
                        !options.refused.empty();
    if (others) {
        return NotBegun(
            {ErrorCode::kInvalid,
             options.path + " is an export, which fills an empty store and goes on by itself: only "
                            "--dry-run is for it",
             {}}
        );
    }
    return options.dry_run ? CheckExport(options) : ImportCommand(config, options.path);
}

}  // namespace barracuda::app
