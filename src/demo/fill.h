// Fill: writes a demo into an empty store, as the engine takes very many documents at once
// (store/fillable.h), so that whatever is derived from them is right. One thread makes documents,
// two or more write them.
//
// Threads: blocks its caller, for seconds; nobody else may write to the store. Errors: kConflict, a
// store that holds something already, or cannot be filled; kUnavailable, one that fails, or `go_on`
// said no.
#pragma once

#include <functional>
#include <string>

#include "demo/conversions.h"
#include "store/engine.h"

namespace barracuda::demo {

struct FillOptions {
    ConversionOptions conversions;  // those of the forms come on top
    size_t contacts = 400;
    // Documents that are put in order together. Each batch becomes tables of the store's, which are
    // to be few, and two or three are in memory at a time.
    size_t batch = 65'536;
    std::string sandbox;  // "http://127.0.0.1:PORT": where the networks are
    // Called now and then with how many conversions are written, by one thread at a time; false:
    // that is enough.
    std::function<bool(size_t)> go_on = {};
};

// -> conversions written.
Result<size_t> Fill(store::Engine& engine, const FillOptions& options);

}  // namespace barracuda::demo
